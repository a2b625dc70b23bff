import { batchIdOf, fromItem } from '../aws/batchItem.ts';
import { scanBatches } from '../aws/batchScan.ts';
import { messageOf } from '../batch/errors.ts';
import type { IndexPage } from '../batch/ports.ts';
import type { Batch } from '../batch/record.ts';
import { isEnded, type Status } from '../batch/status.ts';
import type { HandlerConnection } from './connection.ts';
import { readParts } from './parts.ts';

export interface BatchFilter {
  /** Only batches with one of these statuses; `open` means all that have not ended. Default: all. */
  readonly status?: readonly Status[] | 'open' | undefined;
  /** Only batches that wait or run at this provider entry. Default: all. */
  readonly provider?: string | undefined;
  /** Called for a record that cannot be read, such as one of a newer version. Default: it is skipped. */
  readonly onUnreadable?: ((batchId: string, why: string) => void) | undefined;
}

/** The part of a connection that a listing reads. */
type Table = Pick<HandlerConnection, 'batches' | 'providerStates' | 'dynamodb'> & {
  readonly handler: {
    readonly resources: Pick<HandlerConnection['handler']['resources'], 'table'>;
    readonly providers: readonly string[];
  };
};

/** Segments that are scanned at the same time. */
const SEGMENTS = 4;
/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const MAX_KEYS = 100;
/** The greatest time that the index can hold. */
export const END_OF_TIME = 999_999_999_999_999;

/**
 * All batches in no order, without parts. If the filter allows only batches that have not ended,
 * they are found through the sparse index; otherwise the whole table is read.
 */
export function listBatches(table: Table, filter: BatchFilter): AsyncGenerator<Batch> {
  const { status } = filter;
  const isOpen = status === 'open' || status?.every((each) => !isEnded(each));
  return isOpen ? listOpen(table, filter) : scan(table, filter);
}

async function* scan(
  { dynamodb, handler }: Table,
  { status, provider, onUnreadable }: BatchFilter,
): AsyncGenerator<Batch> {
  const pages = scanBatches(
    { client: dynamodb, name: handler.resources.table },
    { statuses: status === 'open' ? undefined : status, provider },
    SEGMENTS,
  );
  for await (const items of pages)
    for (const item of items) {
      let batch: Batch;
      try {
        batch = fromItem(item);
      } catch (error) {
        onUnreadable?.(batchIdOf(item), messageOf(error));
        continue;
      }
      yield batch;
    }
}

async function* listOpen(table: Table, filter: BatchFilter): AsyncGenerator<Batch> {
  const { status, provider, onUnreadable } = filter;
  for await (const page of openPages(table)) {
    const ids = page.filter((batchId) => !batchId.includes('/'));
    for (let start = 0; start < ids.length; start += MAX_KEYS) {
      const some = ids.slice(start, start + MAX_KEYS);
      const found = await table.batches.getMany(some);
      for (const batchId of some) {
        const batch = found.get(batchId) ?? (await readOne(table, batchId, onUnreadable));
        // The index is eventually consistent, and also has ended batches with a pending event.
        if (batch === undefined || isEnded(batch.status)) continue;
        if (provider !== undefined && batch.provider !== provider) continue;
        if (Array.isArray(status) && !status.includes(batch.status)) continue;
        yield batch;
      }
    }
  }
}

/** Reads a batch that `getMany` left out: only `get` throws the reason. */
async function readOne(
  { batches }: Table,
  batchId: string,
  onUnreadable: BatchFilter['onUnreadable'],
): Promise<Batch | undefined> {
  try {
    return await batches.get(batchId);
  } catch (error) {
    onUnreadable?.(batchId, messageOf(error));
    return undefined;
  }
}

/** The ids in the index, page by page, each only once. */
async function* openPages(table: Table): AsyncGenerator<readonly string[]> {
  const { batches, providerStates, handler } = table;
  // A batch may move to another partition while they are read.
  const seen = new Set<string>();
  const names = new Set([...handler.providers, ...(await providerStates.list())]);
  const partitions: ((cursor?: string) => Promise<IndexPage<{ readonly batchId: string }>>)[] = [
    async (cursor) => {
      const { items, cursor: next } = await batches.listUnreadable(cursor);
      return { items: items.map((batchId) => ({ batchId })), cursor: next };
    },
    ...[...names].map((name) => (cursor?: string) => batches.listWaiting(name, cursor)),
    ...Array.from(
      { length: batches.shards },
      (_, shard) => (cursor?: string) => batches.listDue(shard, END_OF_TIME, cursor),
    ),
  ];
  for (const readPage of partitions) {
    let cursor: string | undefined;
    do {
      const page = await readPage(cursor);
      const unseen = page.items.map(({ batchId }) => batchId).filter((id) => !seen.has(id));
      for (const id of unseen) seen.add(id);
      if (unseen.length > 0) yield unseen;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }
}

/** The parts of a batch that have a record already, in order. */
export async function getParts(
  { batches }: Pick<HandlerConnection, 'batches'>,
  batchId: string,
): Promise<readonly Batch[]> {
  const parent = await batches.get(batchId);
  if (!parent) return [];
  return readParts(batches, parent);
}
