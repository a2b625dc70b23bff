import { batchIdOf, fromItem } from '../aws/batchItem.ts';
import { scanBatches } from '../aws/batchScan.ts';
import { messageOf } from '../batch/errors.ts';
import { partId } from '../batch/newRecord.ts';
import type { IndexPage } from '../batch/ports.ts';
import type { Batch, BatchFields } from '../batch/record.ts';
import { isEnded, type Status } from '../batch/status.ts';
import type { HandlerConnection } from './connection.ts';

export interface BatchFilter {
  /** Only these; `open` for all that have not ended. Default: all. */
  readonly status?: readonly Status[] | 'open' | undefined;
  /** The entry where they are now. */
  readonly provider?: string | undefined;
  /** Is told of a record that cannot be read, such as one of a newer version. Default: skipped. */
  readonly onUnreadable?: ((batchId: string, why: string) => void) | undefined;
}

/** What a listing reads. */
type Table = Pick<HandlerConnection, 'batches' | 'providerStates' | 'dynamodb'> & {
  readonly handler: {
    readonly resources: Pick<HandlerConnection['handler']['resources'], 'table'>;
    readonly providers: readonly string[];
  };
};

/** Calls at a time. */
const SEGMENTS = 4;
/** Of DynamoDB's BatchGetItem. */
const MAX_KEYS = 100;
/** The last that a key of the index can be. */
const END_OF_TIME = 999_999_999_999_999;

/**
 * Batches in no order, without parts. Batches that have not ended are found through the sparse
 * index, as far as the filter allows; for others the whole table is read.
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
        const batch = found.get(batchId) ?? (await read(table, batchId, onUnreadable));
        // The index also has those that ended and owe an event, and is behind now and then.
        if (batch === undefined || isEnded(batch.status)) continue;
        if (provider !== undefined && batch.provider !== provider) continue;
        if (Array.isArray(status) && !status.includes(batch.status)) continue;
        yield batch;
      }
    }
  }
}

/** What a call for many has left out: `get` tells why. */
async function read(
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

/** Ids in the index of what owes something, page by page; each id once. */
async function* openPages(table: Table): AsyncGenerator<readonly string[]> {
  const { batches, providerStates, handler } = table;
  // A batch moves from one partition to another while they are read.
  const seen = new Set<string>();
  const names = new Set([...handler.providers, ...(await providerStates.list())]);
  const partitions: ((cursor?: string) => Promise<IndexPage<{ readonly batchId: string }>>)[] = [
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
      const fresh = page.items.map(({ batchId }) => batchId).filter((id) => !seen.has(id));
      for (const id of fresh) seen.add(id);
      if (fresh.length > 0) yield fresh;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }
}

/** Of DynamoDB's BatchGetItem. */
const GET_PARTS_MAX_KEYS = 100;

/** The parts of a batch that have a record by now, in order. */
export async function getParts(
  { batches }: Pick<HandlerConnection, 'batches'>,
  batchId: string,
): Promise<readonly Batch[]> {
  const { input }: Partial<BatchFields> = (await batches.get(batchId)) ?? {};
  const slices = input?.parts ?? [];
  const ids = slices.map((_, index) => partId(batchId, index + 1));
  const found: Batch[] = [];
  for (let start = 0; start < ids.length; start += GET_PARTS_MAX_KEYS) {
    const some = ids.slice(start, start + GET_PARTS_MAX_KEYS);
    const records = await batches.getMany(some);
    for (const id of some) {
      // A call for many may leave some out.
      const part = records.get(id) ?? (await batches.get(id));
      if (part !== undefined) found.push(part);
    }
  }
  return found;
}
