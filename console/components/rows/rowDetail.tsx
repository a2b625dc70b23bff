import prettyBytes from 'pretty-bytes';
import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import {
  errorMessageOf,
  type Passage,
  parametersOf,
  passagesOfAnswer,
  passagesOfRequest,
} from '../../../shared/console/rows/readable.ts';
import type { ShownLine, ShownRow } from '../../../shared/console/rows/shownRow.ts';
import { countText } from '../../format.ts';
import { Note } from '../note.tsx';
import { Attempts } from './attempts.tsx';
import { parsedLine } from './lineText.ts';

interface RowDetailProps {
  readonly batchId: string;
  readonly row: ShownRow;
  readonly pastJobs: number;
  readonly isRaw: boolean;
}

/** A request and its row side by side, as words or as they are in their files. */
export function RowDetail({ batchId, row, pastJobs, isRaw }: RowDetailProps) {
  const { customId, request, row: answer } = row;
  const [isCompared, setIsCompared] = useState(false);
  const [parameters] = useSearchParams();
  const link = new URLSearchParams(parameters);
  link.delete('view');
  link.set('row', customId ?? '');
  return (
    <div className="rowDetail">
      <div className="sides">
        <section aria-label="Request">
          <h3>Request</h3>
          {request ? (
            <LineView {...{ batchId, line: request, isRaw }} readable={RequestView} />
          ) : (
            <p className="dim">{row.isRequestAhead ? 'It is further on in the file.' : 'None.'}</p>
          )}
        </section>
        <section aria-label="Row">
          <h3>Row</h3>
          {answer ? (
            <>
              <Facts row={row} />
              <LineView {...{ batchId, line: answer, isRaw }} readable={AnswerView} />
            </>
          ) : (
            <p className="dim">It has no row yet.</p>
          )}
        </section>
      </div>
      {customId !== undefined && (
        <div className="row">
          <Link className="button" href={`?${link}`}>
            {row.isRequestAhead ? 'Find its request' : 'Link to this row'}
          </Link>
          {pastJobs > 1 && (
            <button
              type="button"
              aria-expanded={isCompared}
              onClick={() => setIsCompared(!isCompared)}
            >
              Compare its attempts
            </button>
          )}
        </div>
      )}
      {isCompared && customId !== undefined && <Attempts {...{ batchId, customId, pastJobs }} />}
    </div>
  );
}

function Facts({ row: { status, code, usage } }: { readonly row: ShownRow }) {
  return (
    <dl className="facts">
      {status !== undefined && <Fact name="HTTP status" text={String(status)} />}
      {code !== undefined && <Fact name="error code" text={code} />}
      {usage && (
        <Fact
          name="tokens"
          text={`${countText(usage.inputTokens)} in, ${countText(usage.outputTokens)} out${
            usage.cachedTokens ? `, ${countText(usage.cachedTokens)} from the cache` : ''
          }`}
        />
      )}
    </dl>
  );
}

function Fact({ name, text }: { readonly name: string; readonly text: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </>
  );
}

interface LineViewProps {
  readonly batchId: string;
  readonly line: ShownLine;
  readonly isRaw: boolean;
  readonly readable: (props: { readonly value: unknown }) => React.ReactNode;
}

function LineView({ batchId, line, isRaw, readable: Readable }: LineViewProps) {
  const { file, at, bytes, text, isCut, problem } = line;
  const value = isCut ? undefined : parsedLine(text);
  const query = new URLSearchParams({ file, at: String(at) });
  return (
    <>
      {problem === 'not_utf8' && (
        <Note kind="problem">Some of its bytes are no UTF-8: they are shown as �.</Note>
      )}
      {problem === 'not_json' && (
        <Note kind="problem">This line is no JSON object: the file is damaged here.</Note>
      )}
      {isCut && (
        <Note kind="info">The line has {prettyBytes(bytes)}, of which this is the beginning.</Note>
      )}
      {isRaw || value === undefined ? <Text text={text} /> : <Readable value={value} />}
      <p>
        <a href={`/api/batches/${encodeURIComponent(batchId)}/rows/line?${query}`} download>
          Download this line
        </a>{' '}
        <span className="dim">({prettyBytes(bytes)})</span>
      </p>
    </>
  );
}

function RequestView({ value }: { readonly value: unknown }) {
  const parameters = parametersOf(value);
  return (
    <>
      <Passages passages={passagesOfRequest(value)} />
      {parameters.length > 0 && (
        <details>
          <summary>Parameters</summary>
          <dl className="facts">
            {parameters.map(({ label, text }) => (
              <Fact key={label} name={label} text={text} />
            ))}
          </dl>
        </details>
      )}
    </>
  );
}

function AnswerView({ value }: { readonly value: unknown }) {
  const message = errorMessageOf(value);
  return (
    <>
      {message !== undefined && <Passages passages={[{ label: 'error', text: message }]} />}
      <Passages passages={passagesOfAnswer(value)} />
    </>
  );
}

function Passages({ passages }: { readonly passages: readonly Passage[] }) {
  return passages.map(({ label, text }, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: they are read of one line, and never change their order.
    <div key={index} className="passage">
      <span className="dim">{label}</span>
      <Text text={text} />
    </div>
  ));
}

/** A text that may be long: it scrolls, by the keyboard as well. */
function Text({ text }: { readonly text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a long text is scrolled by the keyboard.
    <pre className="text" tabIndex={0}>
      {text}
    </pre>
  );
}
