import { type InfiniteData, type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { BatchesPage } from '../shared/console/batchesRoutes.ts';
import type { BatchesFilter } from '../shared/console/batchFilter.ts';
import type { LiveEvent } from '../shared/console/live.ts';
import { changedPages } from './batchPages.ts';
import { KEYS } from './queries.ts';

/** Whether the server tells what happens. `lost`: it has not been heard of since. */
export type LiveState = 'connecting' | 'live' | 'lost';

/** What a page knows of the stream. */
export interface Live {
  readonly state: LiveState;
  /** Why the server cannot read what has changed, for people. Absent if it can. */
  readonly problem?: string | undefined;
}

/** Keeps what is shown up to date by the one stream of the server. */
export function useLive(): Live {
  const queries = useQueryClient();
  const [state, setState] = useState<LiveState>('connecting');
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    const source = new EventSource('/api/live');
    let wasLost = false;
    source.onopen = () => {
      setState('live');
      setProblem(undefined);
      // What has happened meanwhile was told to nobody.
      if (wasLost) void queries.invalidateQueries();
      wasLost = false;
    };
    source.onerror = () => {
      wasLost = true;
      setState('lost');
    };
    source.onmessage = ({ data }) => {
      const event = JSON.parse(data) as LiveEvent;
      if (event.type !== 'problem') return apply(queries, event);
      setProblem(event.message);
      // What has failed meanwhile may succeed now.
      if (event.message === undefined) void queries.invalidateQueries();
    };
    return () => source.close();
  }, [queries]);
  return { state, problem };
}

function apply(queries: QueryClient, event: Exclude<LiveEvent, { type: 'problem' }>): void {
  if (event.type === 'changed') {
    void queries.invalidateQueries({ queryKey: [event.what] });
    // The files of Add change several times a second, and are no news of today.
    if (event.what === 'uploads') return;
    void queries.invalidateQueries({ queryKey: KEYS.today });
    void queries.invalidateQueries({ queryKey: KEYS.doctor });
    return;
  }
  // The rows are told: no list of batches is asked for again.
  const lists = queries.getQueriesData<InfiniteData<BatchesPage>>({ queryKey: KEYS.batches });
  for (const [key, data] of lists)
    if (data) queries.setQueryData(key, changedPages(data, event, (key[1] ?? {}) as BatchesFilter));
  for (const { batchId } of event.changed)
    void queries.invalidateQueries({ queryKey: KEYS.batch(batchId) });
  for (const batchId of event.removed)
    void queries.invalidateQueries({ queryKey: KEYS.batch(batchId) });
  void queries.invalidateQueries({ queryKey: KEYS.today });
}
