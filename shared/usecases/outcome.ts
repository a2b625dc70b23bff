import { type OutcomeRecord, outcomeRecordSchema } from '../batch/contracts.ts';
import { shortReason } from '../batch/errors.ts';
import type { BatchEvent } from '../batch/lifecycle/events.ts';
import { METRICS } from '../metrics.ts';
import { type TransitionPorts, transition } from './transition.ts';

/**
 * Records how an invocation of the processor ended, as Lambda reports it. Ignores reports of
 * invocations by other callers.
 *
 * @param body the body of a message of the outcome queue
 */
export async function recordDeliveryOutcome(ports: TransitionPorts, body: string): Promise<void> {
  const { log, metrics } = ports;
  const record = parse(body);
  if (!record) return log.warn('ignored: not a delivery outcome');
  const { batchId, deliveryId, deliveryAttempt } = record.requestPayload;
  const event = eventOf(record);
  const result = await transition(ports, batchId, event);
  const attempt = result.type === 'absent' ? undefined : result.batch.attempt;
  const fields = { batchId, attempt, deliveryId, deliveryAttempt, outcome: event.type };
  log.info('delivery outcome recorded', { ...fields, result: result.type });
  if (event.type === 'deliveryFailed' && result.type === 'changed') {
    metrics.count(METRICS.deliveriesFailed, 1, result.batch.provider);
  }
}

function parse(body: string): OutcomeRecord | undefined {
  try {
    return outcomeRecordSchema.parse(JSON.parse(body));
  } catch {
    return undefined;
  }
}

function eventOf({ requestContext, requestPayload, responsePayload }: OutcomeRecord): BatchEvent {
  const { deliveryId, deliveryAttempt } = requestPayload;
  if (requestContext.condition === 'Success') return { type: 'delivered', deliveryId };
  const text =
    requestContext.condition === 'EventAgeExceeded'
      ? 'Lambda could not start the processor in time: check its concurrency'
      : `the processor failed: ${responsePayload?.errorMessage ?? 'it gave no message'}`;
  const reason = shortReason('processor_failed', text);
  return { type: 'deliveryFailed', deliveryId, deliveryAttempt, reason };
}
