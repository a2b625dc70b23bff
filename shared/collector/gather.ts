import pMap from 'p-map';
import { messageOf, RefusedError } from '../batch/errors.ts';
import { METRICS } from '../metrics.ts';
import type { Dependencies } from '../usecases/dependencies.ts';
import { batchContextOf } from '../usecases/logContext.ts';
import { type Collector, type JoinMessage, joinMessageSchema } from './contract.ts';
import { joinWindow } from './join.ts';
import { register } from './register.ts';
import { type CollectedRequest, checkedRequest, laneKeyOf, readMessage } from './request.ts';

/** Refusals and pointers are a call each. */
const CONCURRENCY = 20;

/**
 * Takes in messages of the collector queue. A request is in the bucket and named by its lane before
 * its message is reported as handled: whatever fails, or dies, is delivered again.
 *
 * @param deadline when the function is killed, in milliseconds since 1970
 * @returns ids of the messages that go back to the queue
 */
export async function gather(
  dependencies: CollectorDependencies,
  deliveries: readonly CollectorDelivery[],
  deadline: number,
): Promise<ReadonlySet<string>> {
  const { log, metrics } = dependencies;
  const failed = new Set<string>();
  const joins: { readonly messageId: string; readonly message: JoinMessage }[] = [];
  const lanes = new Map<string, CollectedRequest[]>();

  async function attempt(ids: readonly string[], part: () => Promise<void>): Promise<void> {
    try {
      await part();
    } catch (error) {
      for (const id of ids) failed.add(id);
      const fields = { messages: ids.length, ...batchContextOf(error), error: messageOf(error) };
      log.error('messages go back to the collector queue', fields);
    }
  }

  async function takeIn(delivered: CollectorDelivery): Promise<void> {
    const accepted = await accept(dependencies, delivered);
    if (accepted?.type === 'join') joins.push(accepted);
    if (accepted?.type !== 'request') return;
    const key = laneKeyOf(accepted.request);
    const lane = lanes.get(key) ?? [];
    lane.push(accepted.request);
    lanes.set(key, lane);
  }

  await pMap(deliveries, (delivered) => attempt([delivered.messageId], () => takeIn(delivered)), {
    concurrency: CONCURRENCY,
  });
  for (const requests of lanes.values()) {
    const ids = requests.map(({ messageId }) => messageId);
    await attempt(ids, async () => {
      await register(dependencies, requests);
      metrics.count(METRICS.requestsCollected, requests.length, requests[0]?.provider);
    });
  }
  // Last: it may take long, and what has been gathered must not wait for it.
  for (const { messageId, message } of joins) {
    await attempt([messageId], () => joinWindow(dependencies, message, deadline));
  }
  return failed;
}

/** What the collector may touch. */
export type CollectorDependencies = Pick<
  Dependencies,
  'batches' | 'queues' | 'objects' | 'providers' | 'policy' | 'clock' | 'log' | 'metrics'
> & { readonly collector: Collector };

/** A message of the collector queue as SQS delivered it. */
export interface CollectorDelivery {
  readonly body: string;
  readonly messageId: string;
}

/**
 * Reads and checks one message. One that can never succeed is put into the dead-letter queue with
 * its reason: in a batch, a single bad line would have all the others refused.
 *
 * @returns undefined for a message that was put aside
 */
export async function accept(
  dependencies: CollectorDependencies,
  { body, messageId }: CollectorDelivery,
): Promise<
  | { readonly type: 'request'; readonly request: CollectedRequest }
  | { readonly type: 'join'; readonly messageId: string; readonly message: JoinMessage }
  | undefined
> {
  const { collector, log, metrics } = dependencies;
  try {
    const message = await readMessage(dependencies.objects, body);
    const join = joinMessageSchema.safeParse(message);
    if (join.success) return { type: 'join', messageId, message: join.data };
    return { type: 'request', request: await checkedRequest(dependencies, message, messageId) };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const { code, message: text } = error.reason;
    log.warn('request refused', { messageId, reason: error.reason });
    metrics.count(METRICS.refused, 1);
    await collector.queue.sendDeadLetter(body, `${code}: ${text}`, messageId);
    return undefined;
  }
}
