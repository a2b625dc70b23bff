import { type InfiniteData, type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { BatchesPage } from '../shared/console/batchesRoutes.ts';
import type { BatchesFilter } from '../shared/console/batchFilter.ts';
import type { LiveEvent } from '../shared/console/live.ts';
import { changedPages } from './batchPages.ts';
import { KEYS } from './queries.ts';
import { type Live, listen } from './stream.ts';

/** Keeps what is shown up to date by the one stream of the server. */
export function useLive(): Live {
  const queries = useQueryClient();
  const [live, setLive] = useState<Live>({ state: 'connecting' });
  useEffect(
    () =>
      listen({
        onLive(now, hasMissed) {
          setLive(now);
          if (hasMissed) void queries.invalidateQueries();
        },
        onEvent: (event) => apply(queries, event),
      }),
    [queries],
  );
  return live;
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
