import type { BatchStore, IndexPage } from '../../../shared/batch/ports.ts';
import type { Batch, BatchFields } from '../../../shared/batch/record.ts';
import { hintOf } from './hintOf.ts';

export interface FakeBatchStore extends BatchStore {
  all(): Batch[];
  put(batch: Batch): void;
}

/** The table in memory. Records are frozen, so that no use case changes one in place. */
export function fakeBatchStore(pageSize = 100): FakeBatchStore {
  const records = new Map<string, Batch>();
  const page = <T>(items: T[], cursor: string | undefined): IndexPage<T> => {
    const start = cursor === undefined ? 0 : Number(cursor);
    const end = start + pageSize;
    return {
      items: items.slice(start, end),
      ...(end < items.length ? { cursor: String(end) } : {}),
    };
  };
  const all = () => [...records.values()];
  const fields = (): BatchFields[] => all();
  return {
    shards: 1,
    all,
    put: (batch) => void records.set(batch.batchId, Object.freeze(batch)),
    async get(batchId) {
      return records.get(batchId);
    },
    async getMany(batchIds) {
      return new Map(
        batchIds.flatMap((id) => {
          const batch = records.get(id);
          return batch ? [[id, batch] as const] : [];
        }),
      );
    },
    async create(batch) {
      if (records.has(batch.batchId)) return 'exists';
      records.set(batch.batchId, Object.freeze(batch));
      return 'written';
    },
    async replace(batch) {
      if (records.get(batch.batchId)?.version !== batch.version - 1) return 'conflict';
      records.set(batch.batchId, Object.freeze(batch));
      return 'written';
    },
    async listDue(_shard, until, cursor) {
      const due = fields().filter(
        (batch) => batch.status !== 'queued' && (batch.dueAt ?? until + 1) <= until,
      );
      return page(
        due.sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0)),
        cursor,
      );
    },
    async listWaiting(provider, cursor) {
      const waiting = all().filter(
        (batch) => batch.status === 'queued' && batch.provider === provider,
      );
      waiting.sort((a, b) => b.spec.priority - a.spec.priority || a.createdAt - b.createdAt);
      return page(waiting.map(hintOf), cursor);
    },
    async listActive(provider, cursor) {
      const active = fields().filter(
        ({ status, provider: its, job }) =>
          its === provider &&
          (status === 'submitting' || status === 'running' || (status === 'collecting' && job)),
      );
      return page(active.map(hintOf), cursor);
    },
  };
}
