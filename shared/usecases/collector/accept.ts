import { type JoinMessage, joinMessageSchema } from '../../batch/collectorMessages.ts';
import type { Collector } from '../../batch/collectorPorts.ts';
import { RefusedError } from '../../batch/errors.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';
import { checkedRequest } from './checkedRequest.ts';
import type { CollectedRequest } from './collectedRequest.ts';
import { readMessage } from './readMessage.ts';

/** What the collector may touch. */
export type CollectorDependencies = Pick<
  Dependencies,
  'batches' | 'queues' | 'objects' | 'providers' | 'policy' | 'clock' | 'log' | 'metrics'
> & { readonly collector: Collector };

/** A message of the collector queue as SQS delivered it. */
export interface Delivered {
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
  { body, messageId }: Delivered,
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
