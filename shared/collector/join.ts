import { createHash } from 'node:crypto';
import pMap from 'p-map';
import { uploadKey } from '../batch/ids.ts';
import { addMessageSchema } from '../batch/messages.ts';
import { checkRequest } from '../jsonl/checkRequest.ts';
import { type Line, lineGroups } from '../jsonl/lines.ts';
import { METRICS } from '../metrics.ts';
import { withBatchContext } from '../usecases/logContext.ts';
import type { JoinMessage } from './contract.ts';
import type { CollectorDependencies } from './gather.ts';
import { chunkKey, collectedBatchId, type Lane, type Window, withoutWindow } from './lane.ts';
import { updateLane } from './register.ts';

const LINE_END = Buffer.from('\n');

/**
 * Makes a batch of a sealed window: writes the requests that are this window's into one file and
 * sends the message that adds it. Every step may be repeated, also at the same time by another:
 * which requests are the window's is decided once and for all, so the file is always the same.
 */
export function joinWindow(
  dependencies: CollectorDependencies,
  message: JoinMessage,
  deadline: number,
): Promise<void> {
  const batchId = collectedBatchId(message.laneId, message.window);
  // The batch that it becomes has no record yet, and no attempt.
  return withBatchContext({ batchId, attempt: 0 }, () =>
    join(dependencies, message, batchId, deadline),
  );
}

async function join(
  dependencies: CollectorDependencies,
  { laneId, window: number }: JoinMessage,
  batchId: string,
  deadline: number,
): Promise<void> {
  const { collector, batches, queues, objects, log } = dependencies;
  const lane = await collector.lanes.get(laneId);
  const window = lane?.sealed.find((each) => each.number === number);
  if (!lane || !window || (await batches.get(batchId))) return log.info('joined before');
  const writer = objects.writer(uploadKey(batchId));
  let requests = 0;
  try {
    for await (const lines of ownLines(dependencies, { lane, window, batchId }, deadline)) {
      requests += lines.length;
      await writer.write(Buffer.concat(lines.flatMap((line) => [line, LINE_END])));
    }
    if (requests > 0) await writer.close();
    else await writer.abort();
  } catch (error) {
    await writer.abort();
    throw error;
  }
  if (requests === 0) {
    // All of them were sent before: there is no batch to wait for.
    await updateLane(collector, laneId, async (found) => found && withoutWindow(found, number));
    return log.info('nothing new in a window');
  }
  const { priority, metadata } = collector.settings;
  const { provider, endpoint } = lane;
  const message = { batchId, provider, endpoint, priority, metadata };
  await queues.sendBatch(addMessageSchema.parse(message), 0);
  log.info('window joined', { provider, requests });
}

/** Claims on the wire at the same time, each a write of less than 1 KB. */
const CONCURRENCY = 50;
/** Kept for ending in order: milliseconds. */
const RESERVE_MS = 10_000;

/** A sealed window on its way to becoming a batch. */
export interface Joining {
  readonly lane: Lane;
  readonly window: Window;
  readonly batchId: string;
}

/**
 * The requests that are the window's, in order: those whose place in it was the first to be
 * claimed. Others were sent before, in this window or in another; one that was sent before and
 * said something else is put aside, since its `custom_id` could name only one of the two.
 */
export async function* ownLines(
  dependencies: CollectorDependencies,
  joining: Joining,
  deadline: number,
): AsyncGenerator<readonly Buffer[]> {
  const { objects, clock, metrics } = dependencies;
  const { lane, window } = joining;
  for (const token of window.chunks) {
    for await (const group of lineGroups(objects.read(chunkKey(token)))) {
      if (clock.now() > deadline - RESERVE_MS) {
        throw new Error('the function ran out of time: the window is joined again');
      }
      const isOwn = await pMap(group, (line) => claim(dependencies, joining, token, line), {
        concurrency: CONCURRENCY,
      });
      const own = group.filter((_, index) => isOwn[index]);
      const repeated = group.length - own.length;
      if (repeated > 0) metrics.count(METRICS.requestsRepeated, repeated, lane.provider);
      yield own.map(({ bytes }) => bytes);
    }
  }
}

async function claim(
  { collector, clock, log, metrics }: CollectorDependencies,
  { lane: { provider }, batchId }: Joining,
  token: string,
  line: Line,
): Promise<boolean> {
  const { bytes } = line;
  const request = checkRequest(line);
  const { customId = '' } = request;
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  const place = { batchId, position: `${token}:${line.offset}`, digest };
  const owner = await collector.requests.claim({ provider, customId }, place, clock.now());
  if (owner.batchId === batchId && owner.position === place.position) return true;
  if (owner.digest === digest) return false;
  const reason = `custom_id_exists: a request with this custom_id and another content is in batch ${owner.batchId}: choose a new custom_id`;
  log.warn('request refused', { reason });
  metrics.count(METRICS.refused, 1);
  const message = { ...JSON.parse(bytes.toString()), provider };
  await collector.queue.sendDeadLetter(JSON.stringify(message), reason, batchId);
  return false;
}
