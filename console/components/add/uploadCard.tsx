import { useMutation } from '@tanstack/react-query';
import prettyBytes from 'pretty-bytes';
import { useId } from 'react';
import type { UploadInfo } from '../../../shared/console/uploads.ts';
import { answerOf, api } from '../../api.ts';
import { type Copy, copies, useIsCopied } from '../../copying.ts';
import { Note } from '../note.tsx';
import { AddingState } from './addingState.tsx';
import { BytesProgress } from './bytesProgress.tsx';
import { PlanBatch } from './planBatch.tsx';

interface UploadCardProps {
  readonly upload: UploadInfo;
  /** What this page does to bring it to the server. */
  readonly copy: Copy | undefined;
  readonly isOpen: boolean;
  readonly onOpen: () => void;
}

/** A file at the server, from its copying until the handler has taken it in as a batch. */
export function UploadCard({ upload, copy, isOpen, onOpen }: UploadCardProps) {
  const { id, name, bytes, received, adding } = upload;
  const titleId = useId();
  const { mutate: discard, error } = useMutation({
    mutationFn: async () => {
      if (copy) copies.forget(copy.id);
      await answerOf(api.uploads[':id'].$delete({ param: { id } }));
    },
  });
  const isWhole = received === bytes;
  return (
    <section className="card upload" aria-labelledby={titleId}>
      <div className="row">
        <h2 id={titleId}>
          <button type="button" className="name" aria-expanded={isOpen} onClick={onOpen}>
            {name}
          </button>
        </h2>
        <span className="dim">{prettyBytes(bytes)}</span>
        <span className="status busy">{stateText(upload)}</span>
        <button type="button" className="last" onClick={() => discard()}>
          {adding?.step === 'accepted' ? 'Hide' : 'Discard'}
          <span className="unseen"> {name}</span>
        </button>
      </div>
      {error && <Note kind="problem">{error.message}</Note>}
      {copy?.message !== undefined && copy.state !== 'stopped' && (
        <Note kind="info">{copy.message}</Note>
      )}
      {!isWhole && <Copying upload={upload} copy={copy} />}
      <AddingState upload={upload} />
      {isOpen && isWhole && adding?.step !== 'accepted' && <PlanBatch upload={upload} />}
    </section>
  );
}

function stateText({ received, bytes, inspection, adding }: UploadInfo): string {
  if (received < bytes) return 'incomplete';
  if (adding !== undefined && adding.step !== 'failed' && adding.step !== 'cancelled')
    return STEPS[adding.step];
  if (inspection?.refusal !== undefined) return 'no file of requests';
  const isInspected = inspection?.entries.every(
    ({ state }) => state === 'done' || state === 'failed',
  );
  return isInspected ? 'inspected' : 'inspecting';
}

const STEPS = {
  reading: 'adding',
  uploading: 'adding',
  sent: 'sent',
  accepted: 'added',
  existing: 'exists',
  refused: 'refused',
};

function Copying({ upload, copy }: Pick<UploadCardProps, 'upload' | 'copy'>) {
  const { name, bytes, received } = upload;
  const isCopied = useIsCopied(upload);
  if (copy?.state === 'comparing')
    return <p className="dim">Comparing it with what is at the server…</p>;
  if (copy?.state === 'copying')
    return (
      <BytesProgress
        what="Copying to the server on this machine"
        {...{ done: copy.sent, total: bytes, bytesPerSecond: copy.bytesPerSecond }}
      />
    );
  if (copy?.state === 'stopped')
    return (
      <Note kind="problem">
        <p>{copy.message}</p>
        <div className="row">
          <button type="button" onClick={() => copies.goOn(copy.id)}>
            Go on at {percentOf(received, bytes)} %
          </button>
          <ChooseAgain upload={upload} onChosen={() => copies.forget(copy.id)} />
        </div>
      </Note>
    );
  if (isCopied)
    return <BytesProgress what="Another window copies it" {...{ done: received, total: bytes }} />;
  // Until that is known, nothing is said that may be wrong.
  if (isCopied === undefined) return null;
  return (
    <Note kind="info">
      <p>
        The copying of {name} was cut at {percentOf(received, bytes)} %. The page has to be given
        the file again to go on from there.
      </p>
      <ChooseAgain upload={upload} />
    </Note>
  );
}

interface ChooseAgainProps {
  readonly upload: UploadInfo;
  readonly onChosen?: () => void;
}

function ChooseAgain({ upload, onChosen }: ChooseAgainProps) {
  const { name, bytes, received } = upload;
  return (
    <label>
      Choose {name} again to go on at {percentOf(received, bytes)} %
      <input
        type="file"
        onChange={({ target }) => {
          const file = target.files?.[0];
          target.value = '';
          if (!file) return;
          onChosen?.();
          void copies.start(file, upload);
        }}
      />
    </label>
  );
}

function percentOf(done: number, total: number): number {
  return Math.floor((100 * done) / total);
}
