import { createHash } from 'node:crypto';
import pMap from 'p-map';
import { UnreadableRecordError } from '../batch/errors.ts';
import { uploadKey } from '../batch/ids.ts';
import type { CollectedMessage } from '../batch/messages.ts';
import type { Batch } from '../batch/record.ts';
import { checkRequest } from '../jsonl/checkRequest.ts';
import { LINE_END, type Line, lineGroups } from '../jsonl/lines.ts';
import { LOG_MESSAGES, METRICS } from '../metrics.ts';
import type { Dependencies } from '../usecases/dependencies.ts';
import { attributed } from '../usecases/logFields.ts';
import type { Collector, JoinMessage } from './contract.ts';
import { chunkKey, collectedBatchId, type Lane, type Window, withoutWindow } from './lane.ts';
import { updateLane } from './storeRequests.ts';

type JoinPorts = Pick<
  Dependencies,
  'batches' | 'queues' | 'objects' | 'clock' | 'log' | 'metrics'
> & { readonly collector: Collector };

/** A sealed window, and the batch that it becomes. */
interface WindowJoin {
  readonly lane: Lane;
  readonly window: Window;
  readonly batchId: string;
}

/** The batch of a window has no record while the window is joined, and so no attempt. */
const NO_ATTEMPT = { attempt: 0 };

/**
 * Makes a batch of a sealed window: writes its requests into one file, then sends the message that
 * adds the batch. Two workers may join the same window, and any step may be repeated: which
 * requests belong to the window is decided once, so the file is always the same.
 *
 * @param deadline when the function is killed, in milliseconds since 1970
 */
export async function joinWindow(
  ports: JoinPorts,
  { laneId, window: number }: JoinMessage,
  deadline: number,
): Promise<void> {
  const batchId = collectedBatchId(laneId, number);
  const fields = { batchId, ...NO_ATTEMPT };
  try {
    const lane = await ports.collector.lanes.get(laneId);
    const window = lane?.sealed.find((each) => each.number === number);
    if (!lane || !window) return ports.log.info('window was joined before', fields);
    const found = await findBatchOf(ports, lane, number);
    if (found === 'none') return await join(ports, { lane, window, batchId }, deadline);
    if (found === 'own') return ports.log.info('window was joined before', fields);
    ports.log.warn(
      'window not joined; its batch id is taken, and the sweep gives it another',
      fields,
    );
  } catch (error) {
    throw attributed(error, fields);
  }
}

/**
 * The batch of a window, if there is one: its own, or one that was added under its id in another
 * way. A record that cannot be read counts as its own, because a second batch would be paid again.
 */
export async function findBatchOf(
  { batches }: Pick<Dependencies, 'batches'>,
  lane: Lane,
  number: number,
): Promise<'own' | 'taken' | 'none'> {
  const batchId = collectedBatchId(lane.laneId, number);
  try {
    const batch = await batches.get(batchId);
    if (!batch) return 'none';
    return isMadeOf(lane, batch) ? 'own' : 'taken';
  } catch (error) {
    if (error instanceof UnreadableRecordError) return 'own';
    throw error;
  }
}

function isMadeOf({ provider, endpoint }: Lane, { batchId, spec }: Batch): boolean {
  const isAtPlace = spec.source.key === uploadKey(batchId);
  return isAtPlace && spec.endpoint === endpoint && spec.providers[0] === provider;
}

async function join(ports: JoinPorts, joining: WindowJoin, deadline: number): Promise<void> {
  const { collector, queues, log } = ports;
  const { lane, window, batchId } = joining;
  const { laneId, provider, endpoint } = lane;
  const fields = { batchId, ...NO_ATTEMPT };
  const requests = await writeFile(ports, joining, deadline);
  if (requests === 0) {
    // All of them are in other batches, so no batch will come to exist for this window.
    await updateLane(collector, laneId, async (now) => now && withoutWindow(now, window.number));
    return log.info('window dropped; its requests are in other batches', fields);
  }
  const { priority, metadata } = collector.settings;
  const asked = { batchId, provider, endpoint, priority, metadata };
  const message: CollectedMessage = { action: 'collected', ...asked };
  await queues.sendBatch(message, 0);
  log.info('window joined', { ...fields, provider, requests });
}

/** @returns how many requests are in the file; there is none if that is 0 */
async function writeFile(ports: JoinPorts, joining: WindowJoin, deadline: number): Promise<number> {
  const writer = ports.objects.writer(uploadKey(joining.batchId));
  let requests = 0;
  try {
    for await (const lines of ownLines(ports, joining, deadline)) {
      requests += lines.length;
      await writer.write(Buffer.concat(lines.flatMap((line) => [line, LINE_END])));
    }
    if (requests > 0) await writer.close();
    else await writer.abort();
    return requests;
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** Claims in flight at the same time. Each writes less than 1 KB. */
const CONCURRENCY = 50;
/** Time kept for ending in order, in milliseconds. */
const RESERVE_MS = 10_000;

/** The requests that are assigned to this window, in order. */
async function* ownLines(
  ports: JoinPorts,
  joining: WindowJoin,
  deadline: number,
): AsyncGenerator<readonly Buffer[]> {
  const { objects, clock, metrics } = ports;
  const { lane, window } = joining;
  for (const token of window.chunks) {
    for await (const group of lineGroups(objects.read(chunkKey(token)))) {
      if (clock.now() > deadline - RESERVE_MS)
        throw new Error('the function ran out of time: the window will be joined again');
      const isOwn = await pMap(group, (line) => claim(ports, joining, token, line), {
        concurrency: CONCURRENCY,
      });
      const own = group.filter((_, index) => isOwn[index]);
      const repeated = group.length - own.length;
      if (repeated > 0) metrics.count(METRICS.requestsRepeated, repeated, lane.provider);
      yield own.map(({ bytes }) => bytes);
    }
  }
}

/**
 * Assigns a request to this window's batch. A request that was sent twice stays where it was
 * assigned first. One that reuses a `custom_id` with other content is refused, since the
 * `custom_id` can name only one of the two.
 *
 * @returns whether the request belongs to this window
 */
async function claim(
  { collector, clock, log, metrics }: JoinPorts,
  { lane: { laneId, provider }, window, batchId }: WindowJoin,
  token: string,
  line: Line,
): Promise<boolean> {
  const { bytes } = line;
  const { customId = '' } = checkRequest(line);
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  const wanted = { batchId, position: `${token}:${line.offset}`, digest };
  const stands = await collector.requests.claim({ provider, customId }, wanted, clock.now());
  const formerIds = window.formerNumbers?.map((number) => collectedBatchId(laneId, number));
  const isOwnId = stands.batchId === batchId || formerIds?.includes(stands.batchId);
  if (isOwnId && stands.position === wanted.position) return true;
  if (stands.digest === digest) return false;
  const reason = `custom_id_exists: a request with this custom_id and another content is in batch ${stands.batchId}: choose a new custom_id`;
  log.warn(LOG_MESSAGES.requestRefused, { batchId, ...NO_ATTEMPT, reason });
  metrics.count(METRICS.refused, 1);
  const message = { ...JSON.parse(bytes.toString()), provider };
  await collector.queue.sendDeadLetter(JSON.stringify(message), reason, batchId);
  return false;
}
