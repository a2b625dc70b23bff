import { type InfiniteData, type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { BatchesPage } from '../shared/console/batchesRoutes.ts';
import type { LiveEvent } from '../shared/console/live.ts';
import { KEYS } from './queries.ts';

/** Whether the server tells what happens. `lost`: it has not been heard of since. */
export type LiveState = 'connecting' | 'live' | 'lost';

/** Keeps what is shown up to date by the one stream of the server. */
export function useLive(): LiveState {
  const queries = useQueryClient();
  const [state, setState] = useState<LiveState>('connecting');
  useEffect(() => {
    const source = new EventSource('/api/live');
    let wasLost = false;
    source.onopen = () => {
      setState('live');
      // What has happened meanwhile was told to nobody.
      if (wasLost) void queries.invalidateQueries();
      wasLost = false;
    };
    source.onerror = () => {
      wasLost = true;
      setState('lost');
    };
    source.onmessage = ({ data }) => apply(queries, JSON.parse(data) as LiveEvent);
    return () => source.close();
  }, [queries]);
  return state;
}

function apply(queries: QueryClient, event: LiveEvent): void {
  if (event.type === 'changed') {
    void queries.invalidateQueries({ queryKey: [event.what] });
    // The files of Add change several times a second, and are no news of today.
    if (event.what === 'uploads') return;
    void queries.invalidateQueries({ queryKey: KEYS.today });
    void queries.invalidateQueries({ queryKey: KEYS.doctor });
    return;
  }
  const changed = new Map(event.changed.map((row) => [row.batchId, row]));
  let shown = 0;
  queries.setQueriesData<InfiniteData<BatchesPage>>({ queryKey: KEYS.batches }, (data) => {
    if (!data) return data;
    const pages = data.pages.map((page) => ({
      ...page,
      rows: page.rows.map((row) => {
        const next = changed.get(row.batchId);
        if (next) shown += 1;
        return next ?? row;
      }),
    }));
    return { ...data, pages };
  });
  // New ones, and those that a filter now shows or hides.
  if (shown < changed.size || event.removed.length > 0)
    void queries.invalidateQueries({ queryKey: KEYS.batches });
  for (const batchId of [...changed.keys(), ...event.removed])
    void queries.invalidateQueries({ queryKey: KEYS.batch(batchId) });
  void queries.invalidateQueries({ queryKey: KEYS.today });
}
