import pMap from 'p-map';
import { messageOf, RefusedError } from '../batch/errors.ts';
import { LOG_MESSAGES, METRICS } from '../metrics.ts';
import { logFieldsOf } from '../usecases/logFields.ts';
import { type JoinMessage, joinMessageSchema } from './contract.ts';
import { joinWindow } from './join.ts';
import {
  type CollectedRequest,
  checkedRequest,
  laneKeyOf,
  type PointedObject,
  parseMessage,
  pointedObject,
  readPointed,
} from './request.ts';
import { storeRequests } from './storeRequests.ts';

type GatherPorts = Parameters<typeof storeRequests>[0] &
  Parameters<typeof joinWindow>[0] &
  Parameters<typeof checkedRequest>[0];

/** A refused request and a pointer take one call each. */
const CONCURRENCY = 20;

/**
 * Bytes of pointed objects in memory at the same time, and again as many of lines and of the chunk
 * that they become. The function has 1,024 MiB.
 */
const MAX_HELD_BYTES = 32 * 1024 * 1024;

/** Time kept for ending in order, in milliseconds. */
const RESERVE_MS = 10_000;

/** A message of the collector queue as SQS delivered it. */
export interface CollectorDelivery {
  readonly body: string;
  readonly messageId: string;
}

/**
 * Handles messages of the collector queue. A message counts as handled only once its request is in
 * the bucket and named by its lane; SQS delivers the others again.
 *
 * @param deadline when the function is killed, in milliseconds since 1970
 * @returns ids of the messages that return to the queue
 */
export async function gather(
  ports: GatherPorts,
  deliveries: readonly CollectorDelivery[],
  deadline: number,
): Promise<ReadonlySet<string>> {
  const failed = new Set<string>();
  const joins: JoinDelivery[] = [];
  const pointers: PointerDelivery[] = [];
  const requests: CollectedRequest[] = [];

  async function sort(delivery: CollectorDelivery): Promise<void> {
    const accepted = await refusing(ports, delivery, () => accept(ports, delivery));
    if (accepted?.type === 'join') joins.push(accepted);
    if (accepted?.type === 'pointer') pointers.push(accepted);
    if (accepted?.type === 'request') requests.push(accepted.request);
  }

  const sortOne = (delivery: CollectorDelivery) =>
    attempt(ports, failed, [delivery.messageId], () => sort(delivery));
  await pMap(deliveries, sortOne, { concurrency: CONCURRENCY });
  await store(ports, failed, requests);
  for (const group of groupsOf(pointers)) {
    const ids = group.map(({ delivery }) => delivery.messageId);
    await attempt(ports, failed, ids, async () => {
      if (ports.clock.now() > deadline - RESERVE_MS)
        throw new Error('the function ran out of time: its messages will be delivered again');
      await store(ports, failed, await readAll(ports, failed, group));
    });
  }
  // Last, because a join may take long and requests must not wait for it.
  for (const { messageId, message } of joins)
    await attempt(ports, failed, [messageId], () => joinWindow(ports, message, deadline));
  return failed;
}

/** Divides the objects into groups that are held in memory at the same time. */
function groupsOf(pointers: readonly PointerDelivery[]): PointerDelivery[][] {
  const groups: PointerDelivery[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const pointer of pointers) {
    bytes += pointer.object.bytes;
    if (bytes > MAX_HELD_BYTES) {
      groups.push([]);
      bytes = pointer.object.bytes;
    }
    groups.at(-1)?.push(pointer);
  }
  return groups;
}

/** Reads the objects at the same time, and parses them one after the other: that takes most memory. */
async function readAll(
  ports: GatherPorts,
  failed: Set<string>,
  group: readonly PointerDelivery[],
): Promise<CollectedRequest[]> {
  const texts = new Map<string, string>();
  const requests: CollectedRequest[] = [];
  const step = (delivery: CollectorDelivery, run: () => Promise<void>) =>
    attempt(ports, failed, [delivery.messageId], async () => {
      await refusing(ports, delivery, run);
    });
  const readOne = ({ delivery, object }: PointerDelivery) =>
    step(delivery, async () => {
      texts.set(delivery.messageId, await readPointed(ports.objects, object));
    });
  await pMap(group, readOne, { concurrency: CONCURRENCY });
  for (const { delivery } of group) {
    const { messageId } = delivery;
    const text = texts.get(messageId);
    texts.delete(messageId);
    if (text === undefined) continue;
    await step(delivery, async () => {
      requests.push(await checkedRequest(ports, parseMessage(text), messageId));
    });
  }
  return requests;
}

/** Stores requests, those of each lane together. */
async function store(
  ports: GatherPorts,
  failed: Set<string>,
  all: readonly CollectedRequest[],
): Promise<void> {
  for (const requests of Map.groupBy(all, laneKeyOf).values()) {
    const ids = requests.map(({ messageId }) => messageId);
    await attempt(ports, failed, ids, async () => {
      await storeRequests(ports, requests);
      ports.metrics.count(METRICS.requestsCollected, requests.length, requests[0]?.provider);
    });
  }
}

/** Does one step. If it throws, the messages that it was for return to the queue. */
async function attempt(
  { log }: Pick<GatherPorts, 'log'>,
  failed: Set<string>,
  messageIds: readonly string[],
  step: () => Promise<void>,
): Promise<void> {
  try {
    await step();
  } catch (error) {
    for (const id of messageIds) failed.add(id);
    log.error('collector messages failed; returned to queue', {
      messages: messageIds.length,
      ...logFieldsOf(error),
      error: messageOf(error),
    });
  }
}

interface JoinDelivery {
  readonly type: 'join';
  readonly messageId: string;
  readonly message: JoinMessage;
}

interface RequestDelivery {
  readonly type: 'request';
  readonly request: CollectedRequest;
}

interface PointerDelivery {
  readonly type: 'pointer';
  readonly delivery: CollectorDelivery;
  readonly object: PointedObject;
}

/** Reads one message, and checks its request if it holds one. */
async function accept(
  ports: GatherPorts,
  delivery: CollectorDelivery,
): Promise<JoinDelivery | PointerDelivery | RequestDelivery> {
  const { messageId } = delivery;
  const message = parseMessage(delivery.body);
  const join = joinMessageSchema.safeParse(message);
  if (join.success) return { type: 'join', messageId, message: join.data };
  const object = await pointedObject(ports.objects, message);
  if (object) return { type: 'pointer', delivery, object };
  return { type: 'request', request: await checkedRequest(ports, message, messageId) };
}

/**
 * Does a step for one message. A request that can never succeed goes to the dead-letter queue with
 * its reason: in a batch, a single bad line would have the whole batch refused.
 *
 * @returns undefined for a message in the dead-letter queue
 */
async function refusing<T>(
  { collector, log, metrics }: GatherPorts,
  { body, messageId }: CollectorDelivery,
  step: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const { code, message: text } = error.reason;
    log.warn(LOG_MESSAGES.requestRefused, { messageId, reason: error.reason });
    metrics.count(METRICS.refused, 1);
    await collector.queue.sendDeadLetter(body, `${code}: ${text}`, messageId);
    return undefined;
  }
}
