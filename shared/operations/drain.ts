import { setTimeout as wait } from 'node:timers/promises';
import { awaitsInputExpiry } from '../batch/lifecycle/ended.ts';
import { pages } from '../batch/pages.ts';
import { everyDue } from '../batch/partitions.ts';
import type { IndexPage } from '../batch/ports.ts';
import { isEnded, type Status } from '../batch/status.ts';
import { commandProvider } from '../client/commands.ts';
import { type HandlerConnection, isRun, notRunning } from '../client/connection.ts';
import { END_OF_TIME, listBatches } from '../client/listBatches.ts';
import { MAX_KEYS } from '../client/readBatches.ts';
import { isPaused } from '../quota/providerState.ts';
import { laneStore } from '../stores/collectorStores.ts';

/** Progress of a drain. */
export interface DrainProgress extends Outstanding {
  /** Batches that it has sent a cancel command for. */
  readonly cancelled: number;
  /** Nothing is outstanding: the stack can be removed. */
  readonly isOver: boolean;
}

export interface DrainOptions {
  readonly signal?: AbortSignal;
  /** Between two polls. Default 2000 */
  readonly pollMs?: number;
  /** After which it ends, whatever is outstanding. Default: never */
  readonly timeoutMs?: number | undefined;
}

/** Polls in a row that must find nothing outstanding, because SQS counts messages with a delay. */
const QUIET_POLLS = 2;
/** Polls after which the cancel command is sent again, because its message may have been refused. */
const RESEND_AFTER_POLLS = 30;

/**
 * Prepares a handler for its removal: pauses its providers, cancels all open batches, and yields
 * what is outstanding until nothing is. The handler cancels each job at the provider and collects
 * its rows. The drain can be stopped and started again at any time. What it yields last is not over if
 * its time was.
 *
 * @throws ClientError `not_running` if no program runs an in-process handler
 */
export async function* drain(
  connection: HandlerConnection,
  { signal, pollMs = 2_000, timeoutMs = Number.POSITIVE_INFINITY }: DrainOptions = {},
): AsyncGenerator<DrainProgress> {
  if (!(await isRun(connection))) throw notRunning(connection.handler, 'nothing was drained');
  await pauseAll(connection, signal);
  /** Batch id → the poll in which its cancel command was last sent. */
  const sent = new Map<string, number>();
  let quiet = 0;
  const until = Date.now() + timeoutMs;
  for (
    let poll = 0;
    quiet < QUIET_POLLS && (poll === 0 || quiet > 0 || Date.now() < until);
    poll++
  ) {
    if (poll > 0) await wait(pollMs, undefined, { signal });
    const outstanding = await outstandingOf(connection, async ({ batchId, cancelRequested }) => {
      const last = sent.get(batchId);
      if (cancelRequested || (last !== undefined && poll - last < RESEND_AFTER_POLLS)) return;
      await connection.queues.send({ action: 'cancel', batchId });
      sent.set(batchId, poll);
    });
    quiet = isNothing(outstanding) ? quiet + 1 : 0;
    yield { ...outstanding, cancelled: sent.size, isOver: quiet >= QUIET_POLLS };
  }
}

async function pauseAll(
  connection: HandlerConnection,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { handler, providerStates } = connection;
  for (const provider of handler.providers) {
    if (isPaused(await providerStates.get(provider))) continue;
    const reason = 'drained before removal';
    await commandProvider(connection, 'pause', provider, { reason, signal });
  }
}

/** The work that a handler has not done yet. */
export interface Outstanding {
  /** Batches that have not ended. */
  readonly open: number;
  /** Open batches that are being cancelled. */
  readonly cancelling: number;
  readonly byStatus: Readonly<Partial<Record<Status, number>>>;
  /** Ended batches of which the event or the deletion of files at the provider is pending. */
  readonly pending: number;
  /** Groups of single requests that are not a batch yet. */
  readonly collecting: number;
  /** Approximate number of messages in the queues. */
  readonly messages: number;
  /** Records that cannot be read, such as those of a newer version. */
  readonly unreadable: number;
  /** Ids of some open batches. */
  readonly examples: readonly string[];
}

const MAX_EXAMPLES = 5;

/** @param onOpen called with every open batch */
export async function outstandingOf(
  connection: HandlerConnection,
  onOpen: (batch: { readonly batchId: string; readonly cancelRequested: boolean }) => Promise<void>,
): Promise<Outstanding> {
  const byStatus: Partial<Record<Status, number>> = {};
  const examples: string[] = [];
  let open = 0;
  let cancelling = 0;
  let unreadable = 0;
  const onUnreadable = (): void => {
    unreadable += 1;
  };
  for await (const batch of listBatches(connection, { status: 'open', onUnreadable })) {
    open += 1;
    if (batch.cancelRequested) cancelling += 1;
    byStatus[batch.status] = (byStatus[batch.status] ?? 0) + 1;
    if (examples.length < MAX_EXAMPLES) examples.push(batch.batchId);
    await onOpen(batch);
  }
  return {
    open,
    cancelling,
    byStatus,
    pending: await countPending(connection),
    collecting: await countCollecting(connection),
    messages: await countMessages(connection),
    unreadable,
    examples,
  };
}

function isNothing(outstanding: Outstanding): boolean {
  const { open, pending, collecting, messages, unreadable } = outstanding;
  return open + pending + collecting + messages + unreadable === 0;
}

/** Ended batches with an event or deletions that are pending. Nobody waits for an input to expire. */
async function countPending({ batches }: HandlerConnection): Promise<number> {
  let pending = 0;
  for (const partition of everyDue(batches))
    for await (const page of pages((cursor) => batches.listDue(partition, END_OF_TIME, cursor))) {
      const ended = page.filter(({ status, batchId }) => isEnded(status) && !batchId.includes('/'));
      for (let start = 0; start < ended.length; start += MAX_KEYS) {
        const ids = ended.slice(start, start + MAX_KEYS).map(({ batchId }) => batchId);
        const records = await batches.getMany(ids);
        // What could not be read counts: nobody knows that it is over.
        const isPending = (id: string) => {
          const record = records.get(id);
          return record === undefined || !awaitsInputExpiry(record);
        };
        pending += ids.filter(isPending).length;
      }
    }
  return pending;
}

async function countCollecting({ items, queues }: HandlerConnection): Promise<number> {
  if (!queues.names.includes('collector')) return 0;
  const lanes = laneStore(items);
  return countAll(
    (cursor) => lanes.listDue(END_OF_TIME, cursor),
    () => true,
  );
}

async function countMessages({ queues }: HandlerConnection): Promise<number> {
  const depths = await Promise.all(queues.names.map((name) => queues.depth(name)));
  return depths.reduce((sum, { total }) => sum + total, 0);
}

/** Approximate number of messages in all dead-letter queues of the handler. */
export async function countDeadLetters({ queues }: HandlerConnection): Promise<number> {
  const counts = await Promise.all(queues.names.map((name) => queues.countDeadLetters(name)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function countAll<T>(
  readPage: (cursor?: string) => Promise<IndexPage<T>>,
  isCounted: (item: T) => boolean,
): Promise<number> {
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await readPage(cursor);
    count += page.items.filter(isCounted).length;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return count;
}
