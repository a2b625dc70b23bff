import { pages } from '../batch/pages.ts';
import { everyDue } from '../batch/partitions.ts';
import type { IndexPage, WaitingQueue } from '../batch/ports.ts';
import type { Batch } from '../batch/record.ts';
import { isEnded } from '../batch/status.ts';
import { waitingQueues } from '../batch/waitingQueues.ts';
import type { HandlerConnection } from './connection.ts';
import { mayHaveUnindexed, newestFirst } from './listPage.ts';
import { readParts } from './parts.ts';
import {
  type BatchFilter,
  isOpenOnly,
  type Listed,
  MAX_KEYS,
  readMatching,
  scanMatching,
} from './readBatches.ts';

/** The greatest time that the index can hold. */
export const END_OF_TIME = 999_999_999_999_999;

/**
 * All batches, without parts. If the filter allows only batches that have not ended, they come in no
 * order, through the sparse index of open batches. Otherwise the newest come first; batches that were
 * added before the table had its index by creation come last, in no order, by a scan.
 */
export function listBatches(
  table: Listed,
  filter: BatchFilter,
  now = Date.now(),
): AsyncGenerator<Batch> {
  return isOpenOnly(filter) ? listOpen(table, filter) : listAll(table, filter, now);
}

async function* listAll(table: Listed, filter: BatchFilter, now: number): AsyncGenerator<Batch> {
  let hasIndex = true;
  for await (const { batches, isMissing } of newestFirst(table, filter, now, undefined)) {
    if (isMissing) hasIndex = false;
    yield* batches;
  }
  if (!hasIndex) yield* scanMatching(table, filter, 'all');
  else if (await mayHaveUnindexed(table, filter, now))
    yield* scanMatching(table, filter, 'unindexed');
}

async function* listOpen(table: Listed, filter: BatchFilter): AsyncGenerator<Batch> {
  for await (const page of openPages(table)) {
    const ids = page.filter((batchId) => !batchId.includes('/'));
    // The index is eventually consistent: some of them may have ended.
    for (let start = 0; start < ids.length; start += MAX_KEYS)
      yield* await readMatching(table, ids.slice(start, start + MAX_KEYS), filter);
  }
}

/** The ids in the index, page by page, each only once. */
async function* openPages(table: Listed): AsyncGenerator<readonly string[]> {
  // A batch may move to another partition while they are read.
  const seen = new Set<string>();
  for await (const partition of openPartitions(table))
    for await (const page of pages(partition)) {
      const unseen = page.map(({ batchId }) => batchId).filter((id) => !seen.has(id));
      for (const id of unseen) seen.add(id);
      if (unseen.length > 0) yield unseen;
    }
}

type ListPage = (cursor?: string) => Promise<IndexPage<{ readonly batchId: string }>>;

async function* openPartitions(table: Listed): AsyncGenerator<ListPage> {
  const { batches, providerStates, handler } = table;
  const names = new Set([...handler.providers, ...(await providerStates.list())]);
  // Before the others, so that little time passes between the partitions that a batch moves to and from.
  const queues: WaitingQueue[] = [];
  for (const name of names)
    for await (const queue of waitingQueues(batches, name)) queues.push(queue);
  yield async (cursor) => {
    const { items, cursor: next } = await batches.listUnreadable(cursor);
    return { items: items.map((batchId) => ({ batchId })), cursor: next };
  };
  for (const queue of queues) yield (cursor) => batches.listWaiting(queue, cursor);
  for (const partition of everyDue(batches))
    yield async (cursor) => {
      const { items, ...rest } = await batches.listDue(partition, END_OF_TIME, cursor);
      // Every ended batch is in the index for a week, until its input is removed.
      return { ...rest, items: items.filter(({ status }) => !isEnded(status)) };
    };
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
