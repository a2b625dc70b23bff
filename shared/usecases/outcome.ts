import { type OutcomeRecord, outcomeRecordSchema } from '../batch/contracts.ts';
import { shortReason } from '../batch/errors.ts';
import type { BatchEvent } from '../batch/lifecycle/events.ts';
import { METRICS } from '../metrics.ts';
import type { Dependencies } from './dependencies.ts';
import { withBatchContext } from './logContext.ts';
import { transition } from './transition.ts';

/**
 * Takes in what Lambda says of an invocation of the processor. Records that are not of ours are
 * left alone: the processor may have other callers.
 *
 * @param body the body of a message of the outcome queue
 */
export async function recordDeliveryOutcome(
  dependencies: Dependencies,
  body: string,
): Promise<void> {
  const { log, metrics } = dependencies;
  const record = parse(body);
  if (!record) return log.warn('an outcome that is not of a delivery was ignored');
  const { batchId, deliveryId, deliveryAttempt } = record.requestPayload;
  const event = eventOf(record);
  const result = await withBatchContext({ batchId }, () =>
    transition(dependencies, batchId, event),
  );
  const attempt = result.type === 'absent' ? undefined : result.batch.attempt;
  const fields = { batchId, attempt, deliveryId, deliveryAttempt, outcome: event.type };
  log.info('delivery settled', { ...fields, result: result.type });
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
