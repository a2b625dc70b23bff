import { useEffect, useId, useRef, useState } from 'react';

interface ChooseFileProps {
  /** Called with each file that somebody drops anywhere, chooses or pastes. */
  readonly onFile: (file: File) => void;
}

/** Where files come from: dropped anywhere on the page, chosen, or pasted as lines. */
export function ChooseFile({ onFile }: ChooseFileProps) {
  const isOver = useDrop(onFile);
  const inputId = useId();
  return (
    <section className={`card drop${isOver ? ' over' : ''}`} aria-label="New files">
      <p>
        Drop files of requests anywhere on this page, one JSON object on each line. They are copied
        to the server on this machine, and nothing is sent anywhere until you add one.
      </p>
      <div className="row">
        <label htmlFor={inputId}>Choose files</label>
        <input
          id={inputId}
          type="file"
          multiple
          onChange={({ target }) => {
            for (const file of target.files ?? []) onFile(file);
            // The same file can be chosen again.
            target.value = '';
          }}
        />
      </div>
      <PasteLines onFile={onFile} />
    </section>
  );
}

/** @returns whether something is held over the page */
function useDrop(onFile: ChooseFileProps['onFile']): boolean {
  const [isOver, setIsOver] = useState(false);
  const latest = useRef(onFile);
  latest.current = onFile;
  useEffect(() => {
    const hasFiles = ({ dataTransfer }: DragEvent): boolean =>
      dataTransfer?.types.includes('Files') ?? false;
    const over = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      // Otherwise the browser would leave the page and show the file.
      event.preventDefault();
      setIsOver(true);
    };
    const leave = ({ relatedTarget }: DragEvent): void => {
      if (relatedTarget === null) setIsOver(false);
    };
    const drop = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setIsOver(false);
      for (const file of event.dataTransfer?.files ?? []) latest.current(file);
    };
    window.addEventListener('dragover', over);
    window.addEventListener('dragleave', leave);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragover', over);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('drop', drop);
    };
  }, []);
  return isOver;
}

function PasteLines({ onFile }: ChooseFileProps) {
  const [text, setText] = useState('');
  const [name, setName] = useState('pasted.jsonl');
  const paste = (): void => {
    onFile(new File([text.endsWith('\n') ? text : `${text}\n`], name));
    setText('');
  };
  return (
    <details>
      <summary>Paste lines instead</summary>
      <div className="paste">
        <label>
          Requests, one on each line
          <textarea
            rows={6}
            value={text}
            spellCheck={false}
            onChange={({ target }) => setText(target.value)}
          />
        </label>
        <div className="row">
          <label>
            Name of the file
            <input value={name} onChange={({ target }) => setName(target.value)} />
          </label>
          <button type="button" disabled={text.trim() === '' || name === ''} onClick={paste}>
            Take these lines
          </button>
        </div>
      </div>
    </details>
  );
}
