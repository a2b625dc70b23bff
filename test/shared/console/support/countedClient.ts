import { isEnded } from '../../../../shared/batch/status.ts';
import type { BatchInfo } from '../../../../shared/client/batchInfo.ts';
import type { BatchHandlerClient } from '../../../../shared/client/client.ts';

/** When the first batch was created, in milliseconds since 1970. */
export const START = Date.parse('2027-01-01T00:00:00Z');
const SECOND = 1_000;

/** The batch number `n` of a handler: each was created a second after the one before. */
export function batchNumber(n: number, changes: Partial<BatchInfo> = {}): BatchInfo {
  const createdAt = new Date(START + n * SECOND).toISOString();
  return {
    ...{ batchId: `batch-${n}`, status: 'completed', statusAt: createdAt, provider: 'openai' },
    ...{ priority: 0, counts: { total: 10, succeeded: 10, failed: 0, unfinished: 0 }, jobs: [] },
    ...{ attempts: 1, deliveries: 1, cost: 1, reasons: [], cancelRequested: false, metadata: {} },
    usage: { inputTokens: 0, outputTokens: 0, totalTokens: 0 },
    ...{ createdAt, deadlineAt: createdAt, source: 's3://bucket/key' },
    ...changes,
  };
}

/** The batches from 0 to `count` - 1. */
export function batchesUpTo(count: number, changes: Partial<BatchInfo> = {}): BatchInfo[] {
  return Array.from({ length: count }, (_, n) => batchNumber(n, changes));
}

interface Reads {
  /** Pages of the list by creation. */
  pages: number;
  /** Batches of the list of open ones. */
  open: number;
  /** Ids of batches that were read one by one. */
  readonly single: string[];
}

/** A client whose table is a Map, and which counts what is read of it. */
export class CountedClient
  implements Pick<BatchHandlerClient, 'listPage' | 'listBatches' | 'getBatch'>
{
  /** By id, in any order. */
  readonly table = new Map<string, BatchInfo>();
  #sorted: readonly (readonly [key: string, batch: BatchInfo])[] | undefined;
  readonly reads: Reads = { pages: 0, open: 0, single: [] };
  /** Ids of records that cannot be read. */
  readonly unreadable = new Map<string, Error>();
  /** What every read throws. */
  failure: Error | undefined;
  /** Called before a page is read. */
  beforePage = (): void => {};

  constructor(batches: readonly BatchInfo[]) {
    for (const batch of batches) this.put(batch);
  }

  put(batch: BatchInfo): void {
    this.table.set(batch.batchId, batch);
    this.#sorted = undefined;
  }

  remove(batchId: string): void {
    this.table.delete(batchId);
    this.#sorted = undefined;
  }

  /** Changes some fields of a batch. */
  change(batchId: string, changes: Partial<BatchInfo>): void {
    const batch = this.table.get(batchId);
    if (!batch) throw new Error(`there is no ${batchId}`);
    this.put({ ...batch, ...changes });
  }

  /** As what takes a whole client wants it. */
  get asClient(): BatchHandlerClient {
    return this as unknown as BatchHandlerClient;
  }

  listPage: BatchHandlerClient['listPage'] = async ({ limit = 50, cursor, until } = {}) => {
    this.beforePage();
    this.reads.pages += 1;
    if (this.failure) throw this.failure;
    const before = until === undefined ? '9' : new Date(until).toISOString();
    const all = this.#newestFirst();
    const from = all.findIndex(([key]) => key < before && key < (cursor ?? '9'));
    const rest = from < 0 ? [] : all.slice(from, from + limit + 1);
    const batches = rest
      .slice(0, limit)
      .map(([, batch]) => batch)
      .filter(({ batchId }) => !this.unreadable.has(batchId));
    const last = rest[limit - 1];
    return rest.length > limit && last ? { batches, cursor: last[0] } : { batches };
  };

  listBatches: BatchHandlerClient['listBatches'] = async function* (
    this: CountedClient,
    { onUnreadable } = {},
  ) {
    const ids = [...this.table.values()].filter(({ status }) => !isEnded(status));
    for (const { batchId } of ids) {
      if (this.failure) throw this.failure;
      this.reads.open += 1;
      const error = this.unreadable.get(batchId);
      const batch = this.table.get(batchId);
      if (error) onUnreadable?.(batchId, error.message);
      else if (batch && !isEnded(batch.status)) yield batch;
    }
  };

  getBatch: BatchHandlerClient['getBatch'] = async (batchId) => {
    this.reads.single.push(batchId);
    const error = this.failure ?? this.unreadable.get(batchId);
    if (error) throw error;
    return this.table.get(batchId);
  };

  #newestFirst() {
    this.#sorted ??= [...this.table.values()]
      .map((batch) => [`${batch.createdAt}/${batch.batchId}`, batch] as const)
      .sort(([a], [b]) => (a < b ? 1 : -1));
    return this.#sorted;
  }
}
