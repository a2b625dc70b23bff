import { useQueries } from '@tanstack/react-query';
import prettyBytes from 'pretty-bytes';
import { type ReactNode, useState } from 'react';
import type { Attempt } from '../../../shared/console/rows/attemptRow.ts';
import { errorMessageOf, passagesOfAnswer, textOf } from '../../../shared/console/rows/readable.ts';
import type { ShownRow } from '../../../shared/console/rows/shownRow.ts';
import { answerOf, api } from '../../api.ts';
import { countText, instantText } from '../../format.ts';
import { Scroll } from '../scroll.tsx';
import { differing, parsedLine } from './lineText.ts';
import { OutcomeBadge } from './outcome.tsx';

/** Attempts that are looked for at first. Each reads files of its own. */
const AT_FIRST = 4;

interface AttemptsProps {
  readonly batchId: string;
  readonly customId: string;
  readonly pastJobs: number;
}

/** What each job of the batch gave for one request, side by side. */
export function Attempts({ batchId, customId, pastJobs }: AttemptsProps) {
  const [shown, setShown] = useState(Math.min(pastJobs, AT_FIRST));
  /** Where to search on, by the index of the job. */
  const [cursors, setCursors] = useState<Readonly<Record<number, string>>>({});
  const jobs = Array.from({ length: shown }, (_, index) => pastJobs - shown + index);
  const attempts = useQueries({
    queries: jobs.map((job) => ({
      queryKey: ['attempt', batchId, customId, job, cursors[job]],
      queryFn: () =>
        answerOf(
          api.batches[':batchId'].rows.attempt.$get({
            param: { batchId: encodeURIComponent(batchId) },
            query: { row: customId, job: String(job), cursor: cursors[job] },
          }),
        ),
    })),
  });
  const columns = attempts.map(({ data, error }, index) => {
    const before = attempts[index - 1]?.data;
    const job = jobs[index] ?? 0;
    return {
      job,
      cells: cellsOf(data, before, {
        failure: error?.message,
        searchOn: (next) => setCursors({ ...cursors, [job]: next }),
      }),
    };
  });
  return (
    <section aria-label={`Attempts of ${customId}`}>
      <h3>What each attempt gave</h3>
      <p className="dim">Marked is what differs from the attempt before.</p>
      {shown < pastJobs && (
        <button type="button" onClick={() => setShown(Math.min(pastJobs, shown + AT_FIRST))}>
          Show earlier attempts
        </button>
      )}
      <Scroll label="Attempts, side by side">
        <table className="attempts">
          <tbody>
            {NAMES.map((name) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {columns.map(({ job, cells }) => (
                  <td key={job}>{cells[name]}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

const NAMES = ['Attempt', 'Job', 'Status', 'HTTP status', 'Error', 'Answer', 'Tokens'] as const;
type Cells = Partial<Record<(typeof NAMES)[number], ReactNode>>;

interface Further {
  readonly failure: string | undefined;
  readonly searchOn: (next: string) => void;
}

function cellsOf(
  attempt: Attempt | undefined,
  before: Attempt | undefined,
  { failure, searchOn }: Further,
): Cells {
  if (!attempt) return { Attempt: failure ?? 'Searching…' };
  const { job, after } = attempt;
  const common: Cells = {
    Attempt: `${job.attempt} at ${job.provider}`,
    Job: `${job.id}, ${job.end} ${instantText(job.endedAt)}`,
  };
  if (after.state !== 'found') {
    const text = ABSENT[after.state];
    if (after.state !== 'searching')
      return { ...common, Status: <span className="dim">{text}</span> };
    return {
      ...common,
      Status: (
        <>
          {text} {prettyBytes(after.bytes)}.{' '}
          <button type="button" onClick={() => searchOn(after.next)}>
            Search on
          </button>
        </>
      ),
    };
  }
  const { row } = after;
  const last = before?.after.state === 'found' ? before.after.row : undefined;
  // The rows of a job hold those of the jobs before for what it did not run.
  const isKept = last && last.row?.text === row.row?.text && row.outcome !== 'unfinished';
  if (isKept)
    return { ...common, Status: <span className="dim">Not run again: its row was kept.</span> };
  const marked = (of: (row: ShownRow) => string): ReactNode =>
    last ? <Marked text={of(row)} before={of(last)} /> : of(row);
  const badge = <OutcomeBadge outcome={row.outcome} />;
  return {
    ...common,
    Status: last && last.outcome !== row.outcome ? <mark>{badge}</mark> : badge,
    'HTTP status': marked(({ status }) => String(status ?? '')),
    Error: marked(errorText),
    Answer: answerText(row) && <pre className="text">{marked(answerText)}</pre>,
    Tokens: marked(tokensText),
  };
}

const ABSENT = {
  none: 'It had no row after this job.',
  gone: 'The rows of this job are gone: they were deleted by their age.',
  unknown: 'Where the rows of this job are is not recorded.',
  searching: 'Not among the first',
} as const;

function errorText({ code, row, message }: ShownRow): string {
  if (code === undefined) return '';
  const whole = row && errorMessageOf(parsedLine(row.text));
  return `${code}: ${whole ?? message ?? ''}`;
}

function answerText({ row, answered }: ShownRow): string {
  const value = row && !row.isCut ? parsedLine(row.text) : undefined;
  return value === undefined ? (answered ?? '') : textOf(passagesOfAnswer(value));
}

function tokensText({ usage }: ShownRow): string {
  return usage ? `${countText(usage.inputTokens)} in, ${countText(usage.outputTokens)} out` : '';
}

/** A text with what differs from the one before. */
function Marked({ text, before }: { readonly text: string; readonly before: string }) {
  const { head, changed, tail } = differing(text, before);
  return (
    <>
      {head}
      {changed && <mark>{changed}</mark>}
      {tail}
    </>
  );
}
