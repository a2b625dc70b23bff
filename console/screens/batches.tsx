import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useSearchParams } from 'wouter';
import { type BatchesFilter, FILTER_FIELDS } from '../../shared/console/batchFilter.ts';
import type { BatchRow } from '../../shared/console/batchRow.ts';
import { answerOf, api } from '../api.ts';
import { BatchCommands } from '../components/batchCommands.tsx';
import { BatchFilterForm } from '../components/batchFilter.tsx';
import { BatchTableView, useBatchTable } from '../components/batchTable.tsx';
import { Note } from '../components/note.tsx';
import { useRowKeys } from '../components/rowKeys.tsx';
import { countText, instantText } from '../format.ts';
import { useHandler } from '../handler.ts';
import { KEYS } from '../queries.ts';
import '../styles/batches.css';

const FIRST_ROWS = 100;
const FURTHER_ROWS = 500;

/** All batches, the newest first. The filter is in the address, so that it can be kept and sent. */
export default function Batches() {
  const { isReadOnly } = useHandler();
  const [filter, setFilter] = useFilter();
  const list = useBatchList(filter);
  const { rows, error, isPending, isPlaceholderData } = list;
  const table = useBatchTable(rows);
  const search = useRef<HTMLInputElement>(null);
  useRowKeys(search);
  const tenants = useMemo(
    () => [...new Set(rows.flatMap(({ tenant }) => tenant ?? []))].sort(),
    [rows],
  );
  const change = (next: BatchesFilter): void => {
    // What is out of sight must not be commanded when the filter comes back.
    table.resetRowSelection(true);
    setFilter(next);
  };
  const selected = table.getSelectedRowModel().rows.map(({ original }) => original);
  return (
    <>
      <h1>Batches</h1>
      <BatchFilterForm
        {...{ filter, search, tenants }}
        onChange={(changes) => change({ ...filter, ...changes })}
        onClear={() => change({})}
      />
      {error && <Note kind="problem">{error.message}</Note>}
      {isPending && !error && <p className="dim">Loading…</p>}
      {rows.length > 0 && (
        <BatchTableView table={table} isSelectable={!isReadOnly} isBusy={isPlaceholderData} />
      )}
      {!isPending && <Extent {...list} isFiltered={Object.keys(filter).length > 0} />}
      {!isReadOnly && selected.length > 0 && (
        <section className="row selection" aria-label="Selected batches">
          <strong>
            {countText(selected.length)} {selected.length === 1 ? 'batch' : 'batches'} selected
          </strong>
          <BatchCommands batches={selected} />
          <button type="button" onClick={() => table.resetRowSelection(true)}>
            Select none
          </button>
        </section>
      )}
    </>
  );
}

/** The filter in the address. Fields without text are absent. */
function useFilter(): readonly [BatchesFilter, (filter: BatchesFilter) => void] {
  const [parameters, setParameters] = useSearchParams();
  const filter = fieldsOf((field) => parameters.get(field) ?? '');
  const set = (next: BatchesFilter): void =>
    setParameters({ ...fieldsOf((field) => next[field] ?? '') }, { replace: true });
  return [filter, set];
}

function fieldsOf(textOf: (field: keyof BatchesFilter) => string): Record<string, string> {
  const values = FILTER_FIELDS.map((field) => [field, textOf(field)] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== ''));
}

type BatchList = ReturnType<typeof useBatchList>;

/** The batches that pass the filter, as far as they are loaded. */
function useBatchList(filter: BatchesFilter) {
  const { data, error, isPending, isPlaceholderData, ...query } = useInfiniteQuery({
    queryKey: [...KEYS.batches, filter],
    queryFn: ({ pageParam: after, signal }) => {
      const limit = String(after === undefined ? FIRST_ROWS : FURTHER_ROWS);
      return answerOf(
        api.batches.$get({ query: { ...filter, after, limit } }, { init: { signal } }),
      );
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  });
  const found = useMemo(() => data?.pages.flatMap((page) => page.rows) ?? [], [data]);
  const exact = useExactBatch(filter, isPending || isPlaceholderData ? undefined : found);
  const rows = useMemo(() => (exact ? [exact, ...found] : found), [exact, found]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const [isSearching, setIsSearching] = useState(false);
  const isEmptyPage = data?.pages.at(-1)?.rows.length === 0;
  // Goes on until something is found, since each page reads a bounded amount.
  useEffect(() => {
    if (!isSearching || isFetchingNextPage) return;
    if (hasNextPage && isEmptyPage && !error) void fetchNextPage();
    else setIsSearching(false);
  }, [isSearching, isFetchingNextPage, hasNextPage, isEmptyPage, error, fetchNextPage]);
  return {
    ...{ rows, error, isPending, isPlaceholderData, hasNextPage, isFetchingNextPage },
    isSearching,
    searchedTo: data?.pages.at(-1)?.searchedTo,
    search() {
      setIsSearching(true);
      void fetchNextPage();
    },
    stop: () => setIsSearching(false),
  };
}

/** The batch whose whole id was given, if the search has not come to it. */
function useExactBatch(
  filter: BatchesFilter,
  found: readonly BatchRow[] | undefined,
): BatchRow | undefined {
  const { id = '' } = filter;
  const isAsked = id !== '' && found !== undefined && !found.some(({ batchId }) => batchId === id);
  const { data } = useQuery({
    queryKey: [...KEYS.batch(id), 'exact', filter],
    queryFn: ({ signal }) =>
      answerOf(
        api['exact-batch'][':id'].$get(
          { param: { id: encodeURIComponent(id) }, query: { ...filter } },
          { init: { signal } },
        ),
      ),
    enabled: isAsked,
  });
  return isAsked ? (data?.row ?? undefined) : undefined;
}

/** How many batches are shown, how far back was searched, and how to go on. */
function Extent({
  rows,
  hasNextPage,
  isFetchingNextPage,
  isSearching,
  searchedTo,
  search,
  stop,
  isFiltered,
}: BatchList & { readonly isFiltered: boolean }) {
  const count = rows.length === 1 ? '1 batch' : `${countText(rows.length)} batches`;
  const shown = rows.length === 0 ? 'No batch' : count;
  return (
    <div className="row extent">
      <span role="status">
        {rows.length === 0 && !isFiltered && !hasNextPage
          ? 'There are no batches yet.'
          : `${shown}${isFiltered ? ' of the filter' : ''}${hasNextPage ? ' so far' : ''}.`}
        {searchedTo !== undefined && ` Searched back to ${instantText(searchedTo)}.`}
      </span>
      {hasNextPage &&
        (isSearching || isFetchingNextPage ? (
          <button type="button" onClick={stop} disabled={!isSearching}>
            Stop searching
          </button>
        ) : (
          <button type="button" onClick={search}>
            {isFiltered ? 'Search further' : 'Show more'}
          </button>
        ))}
    </div>
  );
}
