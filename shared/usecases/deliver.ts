import type { ProcessorEvent } from '../batch/contracts.ts';
import { InvocationRefusedError, messageOf, shortReason } from '../batch/errors.ts';
import { deliveryId } from '../batch/ids.ts';
import type { BatchEvent } from '../batch/lifecycle/events.ts';
import type { BatchIn } from '../batch/record.ts';
import { METRICS } from '../metrics.ts';
import type { Dependencies } from './dependencies.ts';

export type DeliverPorts = Pick<Dependencies, 'processor' | 'objects' | 'tableName' | 'metrics'>;

/**
 * Invokes the processor for the delivery that the record names.
 *
 * @returns that the delivery failed, if Lambda certainly refused the invocation; else undefined
 */
export async function deliver(
  { processor, objects, tableName, metrics }: DeliverPorts,
  batch: BatchIn<'delivering'>,
): Promise<BatchEvent | undefined> {
  const event = processorEvent(batch, objects.bucket, tableName);
  metrics.count(METRICS.deliveries, 1, batch.provider);
  try {
    await processor.invoke(event);
    return undefined;
  } catch (error) {
    // The invocation may have started: its outcome arrives, or the record is due once none can.
    if (!(error instanceof InvocationRefusedError)) throw error;
    const message = `the processor could not be invoked: ${messageOf(error)}`;
    return {
      type: 'deliveryFailed',
      deliveryId: event.deliveryId,
      deliveryAttempt: event.deliveryAttempt,
      reason: shortReason('invoke_failed', message),
    };
  }
}

function processorEvent(
  batch: BatchIn<'delivering'>,
  bucket: string,
  table: string,
): ProcessorEvent {
  const { input, rows, delivery } = batch;
  const { total, succeeded } = batch.counts;
  return {
    version: 1,
    deliveryId: deliveryId(batch.keyPrefix, delivery.number),
    deliveryAttempt: delivery.attempt,
    batchId: batch.batchId,
    provider: batch.provider,
    model: input.model ?? null,
    endpoint: input.endpoint,
    counts: { total, succeeded, failed: total - succeeded },
    usage: batch.usage,
    cost: batch.cost ?? null,
    results: { bucket, key: rows.results },
    errors: { bucket, key: rows.errors },
    input: { bucket, key: input.key },
    metadata: batch.spec.metadata,
    table,
    createdAt: new Date(batch.createdAt).toISOString(),
    finishedAt: new Date(batch.statusAt).toISOString(),
  };
}
