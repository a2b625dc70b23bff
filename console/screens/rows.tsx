import { keepPreviousData, useQuery } from '@tanstack/react-query';
import prettyBytes from 'pretty-bytes';
import { type FormEvent, useState } from 'react';
import { useSearchParams } from 'wouter';
import type { RowsPage } from '../../shared/console/rows/rowsPage.ts';
import type { View } from '../../shared/console/rows/rowWalk.ts';
import { answerOf, api } from '../api.ts';
import { Note } from '../components/note.tsx';
import { FileNotes } from '../components/rows/fileNotes.tsx';
import { RowTable } from '../components/rows/rowTable.tsx';
import { Toolbar } from '../components/rows/toolbar.tsx';
import { KEYS } from '../queries.ts';
import '../styles/rows.css';

interface RowsProps {
  readonly batchId: string;
}

/** The rows of a batch beside their requests. What is shown is in the address: `view` and `row`. */
export default function Rows({ batchId }: RowsProps) {
  const [parameters, setParameters] = useSearchParams();
  const row = parameters.get('row') || undefined;
  const view = viewOf(parameters.get('view'));
  const set = (changes: { readonly view?: View; readonly row?: string }) =>
    setParameters((before) => {
      const next = new URLSearchParams(before);
      for (const name of ['view', 'row'] as const) {
        const value = changes[name];
        if (value === undefined || value === 'all') next.delete(name);
        else next.set(name, value);
      }
      return next;
    });
  return (
    <div className="rows">
      <FindRow key={row} row={row} onFind={(wanted) => set({ row: wanted })} />
      <Pages
        key={JSON.stringify([batchId, view, row])}
        {...{ batchId, view, row }}
        onView={(chosen) => set({ view: chosen })}
      />
    </div>
  );
}

function viewOf(text: string | null): View {
  return text === 'succeeded' || text === 'failed' || text === 'refused' ? text : 'all';
}

interface FindRowProps {
  readonly row: string | undefined;
  readonly onFind: (row: string | undefined) => void;
}

function FindRow({ row = '', onFind }: FindRowProps) {
  const [text, setText] = useState(row);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onFind(text || undefined);
  };
  return (
    <form className="row" onSubmit={submit}>
      <label>
        Find a row by its custom_id
        <input value={text} onChange={({ target }) => setText(target.value)} />
      </label>
      <button type="submit">Find</button>
      {row && (
        <button type="button" onClick={() => onFind(undefined)}>
          Show all rows
        </button>
      )}
    </form>
  );
}

/** Where a page begins; with `row`, where the search for it does. */
interface Step {
  readonly cursor?: string;
  readonly row?: string;
}

interface PagesProps extends RowsProps {
  readonly view: View;
  readonly row: string | undefined;
  readonly onView: (view: View) => void;
}

function Pages({ batchId, view, row, onView }: PagesProps) {
  const [isRaw, setIsRaw] = useState(false);
  /** The pages up to the present one. */
  const [steps, setSteps] = useState<readonly Step[]>([row === undefined ? {} : { row }]);
  const step = steps.at(-1) ?? {};
  const { data, error, isFetching, isPlaceholderData } = useQuery({
    // A search is not repeated by itself: it may read the files from their beginning.
    queryKey: [...(step.row === undefined ? KEYS.batch(batchId) : []), 'rows', batchId, view, step],
    queryFn: () =>
      answerOf(
        api.batches[':batchId'].rows.$get({
          param: { batchId: encodeURIComponent(batchId) },
          query: { view: row === undefined ? view : 'all', ...step },
        }),
      ),
    placeholderData: keepPreviousData,
  });
  const goTo = (next: string | undefined) => setSteps([...steps, { cursor: next }]);
  if (error) return <Note kind="problem">{error.message}</Note>;
  if (!data)
    return <p className="dim">{row === undefined ? 'Loading…' : `Searching for ${row}…`}</p>;
  const { searched, next } = data;
  return (
    <>
      <Toolbar {...{ batchId, view, data, isRaw, row }} onView={onView} onRaw={setIsRaw} />
      {data.isRestarted && (
        <Note kind="info">New rows have come in, so this is the first page again.</Note>
      )}
      <FileNotes batchId={batchId} page={data} />
      {searched && !searched.isFound && (
        <SearchNote
          {...{ row, searched, isFetching }}
          onSearchOn={() => setSteps([...steps.slice(0, -1), { row, cursor: next }])}
        />
      )}
      <RowTable
        {...{ batchId, isRaw, rows: data.rows, pastJobs: data.pastJobs }}
        isOld={isPlaceholderData}
        openId={searched?.isFound ? row : undefined}
      />
      {data.rows.length === 0 && !searched && <p className="dim">{EMPTY[view]}</p>}
      <nav className="row pager" aria-label="Pages of rows">
        <button
          type="button"
          disabled={step.cursor === undefined && step.row === undefined}
          onClick={() => setSteps([{}])}
        >
          First page
        </button>
        <button
          type="button"
          disabled={steps.length < 2}
          onClick={() => setSteps(steps.slice(0, -1))}
        >
          Previous
        </button>
        <button
          type="button"
          disabled={next === undefined || data.rows.length === 0 || isPlaceholderData}
          onClick={() => goTo(next)}
        >
          Next
        </button>
        <span className="dim" role="status">
          {isFetching ? 'Loading…' : pageText(steps, data)}
        </span>
      </nav>
    </>
  );
}

const EMPTY: Readonly<Record<View, string>> = {
  all: 'There are no requests to show.',
  succeeded: 'No request has succeeded so far.',
  failed: 'No request has failed so far.',
  refused: 'There are no refused lines.',
};

function pageText(steps: readonly Step[], { rows }: RowsPage): string {
  const count = rows.length === 1 ? '1 row' : `${rows.length} rows`;
  return steps[0]?.row === undefined ? `Page ${steps.length}, ${count}` : count;
}

interface SearchNoteProps {
  readonly row: string | undefined;
  readonly searched: NonNullable<RowsPage['searched']>;
  readonly isFetching: boolean;
  readonly onSearchOn: () => void;
}

function SearchNote({ row, searched, isFetching, onSearchOn }: SearchNoteProps) {
  const { isOver, bytes, totalBytes } = searched;
  if (isOver)
    return <Note kind="problem">There is no row with the custom_id {row} in this batch.</Note>;
  return (
    <Note kind="info">
      {row} is not among the first {prettyBytes(bytes)} of {prettyBytes(totalBytes)}.{' '}
      <button type="button" disabled={isFetching} onClick={onSearchOn}>
        {isFetching ? 'Searching…' : 'Search on'}
      </button>
    </Note>
  );
}
