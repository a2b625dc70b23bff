import type { ActiveHint, BatchStore, DueHint } from '../../shared/batch/ports.ts';
import type { Batch } from '../../shared/batch/record.ts';
import { runningBatch } from '../inputs/records.ts';

/** Of a page of the index, as the real table has them. */
const PAGE_ITEMS = 100;

/** A table of batches whose jobs run, which answers at once: what is measured is the sweep. */
export function runningBatches(count: number): BatchStore {
  const records = new Map<string, Batch>();
  for (let index = 0; index < count; index++) {
    const batch = runningBatch(index);
    records.set(batch.batchId, batch);
  }
  const hints = [...records.values()].map((batch): ActiveHint & DueHint => ({
    ...{ batchId: batch.batchId, status: batch.status, model: batch.model, isPending: false },
    ...{ requests: 1_000, estimatedTokens: 1_000, jobId: batch.job?.id },
    expected: { inputTokens: 1_000, outputTokens: 1_000 },
  }));
  const page = async (cursor = '0') => {
    const end = Number(cursor) + PAGE_ITEMS;
    const items = hints.slice(Number(cursor), end);
    return end < hints.length ? { items, cursor: String(end) } : { items };
  };
  return {
    shards: 1,
    get: async (batchId) => records.get(batchId),
    getMany: async (batchIds) => new Map(batchIds.map((id) => [id, records.get(id) as Batch])),
    create: async () => 'exists',
    async replace(batch) {
      records.set(batch.batchId, batch);
      return 'written';
    },
    listDue: (_shard, _until, cursor) => page(cursor),
    listWaiting: async () => ({ items: [] }),
    listActive: (_provider, cursor) => page(cursor),
  };
}
