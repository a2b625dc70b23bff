import pMap from 'p-map';
import { messageOf, RefusedError } from '../batch/errors.ts';
import { LOG_MESSAGES, METRICS } from '../metrics.ts';
import { logFieldsOf } from '../usecases/logFields.ts';
import { type JoinMessage, joinMessageSchema } from './contract.ts';
import { joinWindow } from './join.ts';
import { type CollectedRequest, checkedRequest, laneKeyOf, readMessage } from './request.ts';
import { storeRequests } from './storeRequests.ts';

type GatherPorts = Parameters<typeof storeRequests>[0] &
  Parameters<typeof joinWindow>[0] &
  Parameters<typeof checkedRequest>[0];

/** A refused request and a pointer take one call each. */
const CONCURRENCY = 20;

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
  const { metrics } = ports;
  const failed = new Set<string>();
  const joins: JoinDelivery[] = [];
  const requestsByLane = new Map<string, CollectedRequest[]>();

  async function sort(delivery: CollectorDelivery): Promise<void> {
    const accepted = await accept(ports, delivery);
    if (accepted?.type === 'join') joins.push(accepted);
    if (accepted?.type !== 'request') return;
    const key = laneKeyOf(accepted.request);
    const requests = requestsByLane.get(key) ?? [];
    requests.push(accepted.request);
    requestsByLane.set(key, requests);
  }

  const sortOne = (delivery: CollectorDelivery) =>
    attempt(ports, failed, [delivery.messageId], () => sort(delivery));
  await pMap(deliveries, sortOne, { concurrency: CONCURRENCY });
  for (const requests of requestsByLane.values()) {
    const ids = requests.map(({ messageId }) => messageId);
    await attempt(ports, failed, ids, async () => {
      await storeRequests(ports, requests);
      metrics.count(METRICS.requestsCollected, requests.length, requests[0]?.provider);
    });
  }
  // Last, because a join may take long and requests must not wait for it.
  for (const { messageId, message } of joins)
    await attempt(ports, failed, [messageId], () => joinWindow(ports, message, deadline));
  return failed;
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

/**
 * Reads and checks one message. A request that can never succeed goes to the dead-letter queue with
 * its reason: in a batch, a single bad line would have the whole batch refused.
 *
 * @returns undefined for a message in the dead-letter queue
 */
async function accept(
  ports: GatherPorts,
  { body, messageId }: CollectorDelivery,
): Promise<JoinDelivery | RequestDelivery | undefined> {
  const { collector, log, metrics } = ports;
  try {
    const message = await readMessage(ports.objects, body);
    const join = joinMessageSchema.safeParse(message);
    if (join.success) return { type: 'join', messageId, message: join.data };
    return { type: 'request', request: await checkedRequest(ports, message, messageId) };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const { code, message: text } = error.reason;
    log.warn(LOG_MESSAGES.requestRefused, { messageId, reason: error.reason });
    metrics.count(METRICS.refused, 1);
    await collector.queue.sendDeadLetter(body, `${code}: ${text}`, messageId);
    return undefined;
  }
}
