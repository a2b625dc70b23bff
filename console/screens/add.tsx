import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';
import { answerOf, api } from '../api.ts';
import { ChooseFile } from '../components/add/chooseFile.tsx';
import { UploadCard } from '../components/add/uploadCard.tsx';
import { CommandLine } from '../components/commandLine.tsx';
import { Note } from '../components/note.tsx';
import { copies, useCopies } from '../copying.ts';
import { useHandler } from '../handler.ts';
import { KEYS } from '../queries.ts';
import '../styles/add.css';

/** Adds files of requests as batches. Which of them is open is in the address, as `file`. */
export default function Add() {
  const { isReadOnly } = useHandler();
  const [parameters, setParameters] = useSearchParams();
  const running = useCopies();
  const { data, error, isPending } = useQuery({
    queryKey: KEYS.uploads,
    queryFn: () => answerOf(api.uploads.$get()),
  });
  const uploads = data?.uploads ?? [];
  const opened = parameters.get('file') ?? uploads[0]?.id;
  const open = (id: string): void => setParameters({ file: id }, { replace: true });
  const take = async (file: File): Promise<void> => {
    const id = await copies.start(file);
    if (id !== undefined) open(id);
  };
  if (isReadOnly)
    return (
      <>
        <h1>Add</h1>
        <Note kind="info">
          This server was started to read only, and takes no files. The command line inspects and
          estimates one, with the name of yours in the place of FILE:
        </Note>
        {data && <CommandLine text={data.estimateCommand} />}
        {error && <Note kind="problem">{error.message}</Note>}
      </>
    );
  return (
    <>
      <h1>Add</h1>
      <ChooseFile onFile={(file) => void take(file)} />
      {error && <Note kind="problem">{error.message}</Note>}
      {running
        .filter(({ uploadId }) => !uploads.some(({ id }) => id === uploadId))
        .map(({ id, name, state, message }) => (
          <Note key={id} kind={state === 'stopped' ? 'problem' : 'info'}>
            {state === 'stopped' ? message : `${name} is on its way…`}
            {state === 'stopped' && (
              <div className="row">
                <button type="button" onClick={() => void copies.goOn(id)}>
                  Try {name} again
                </button>
                <button type="button" onClick={() => copies.forget(id)}>
                  Leave it
                </button>
              </div>
            )}
          </Note>
        ))}
      {isPending && <p className="dim">Loading…</p>}
      {data && uploads.length === 0 && running.length === 0 && (
        <p className="dim">No file is here yet.</p>
      )}
      {uploads.map((upload) => (
        <UploadCard
          key={upload.id}
          upload={upload}
          copy={running.find(({ uploadId }) => uploadId === upload.id)}
          isOpen={upload.id === opened}
          onOpen={() => open(upload.id)}
        />
      ))}
    </>
  );
}
