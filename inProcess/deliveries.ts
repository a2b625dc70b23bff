import { processorEventSchema } from '../shared/batch/contracts.ts';
import { messageOf } from '../shared/batch/errors.ts';
import type { Log, ObjectStore } from '../shared/batch/ports.ts';
import { DeliveredBatch } from '../shared/processor/deliveredBatch.ts';
import { once } from '../shared/processor/once.ts';
import type { ItemTable } from '../shared/stores/itemTable.ts';
import { effectRecord } from '../shared/stores/onceRecords.ts';
import type { CheckedOptions } from './options.ts';
import type { ReceivedMessage, SqliteQueues } from './sqliteQueues.ts';
import { withinTime } from './timeLimit.ts';

interface DeliveryPorts extends Pick<CheckedOptions, 'process' | 'processTimeoutSeconds'> {
  readonly table: ItemTable;
  readonly objects: ObjectStore;
  readonly queues: SqliteQueues;
  readonly log: Log;
}

/**
 * Runs the user's function for an invocation, once per delivery, and reports how it ended as Lambda would. A
 * function that does not end in time has failed: it would keep its place from other deliveries for ever.
 *
 * @throws Error if another process has begun this delivery and not ended it: the message comes again
 */
export async function runProcess(
  { table, objects, queues, log, ...options }: DeliveryPorts,
  { body }: ReceivedMessage,
): Promise<void> {
  const event = processorEventSchema.parse(JSON.parse(body));
  const { batchId, deliveryId } = event;
  const batch = new DeliveredBatch(event, ({ key }) => objects.read(key));
  const timeoutMs = options.processTimeoutSeconds * 1000;
  let hasBegun = false;
  let failure: string | undefined;
  try {
    await once(deliveryId, effectRecord(table, deliveryId), timeoutMs, async () => {
      hasBegun = true;
      const timeout = new AbortController();
      await withinTime(
        timeoutMs,
        () => options.process(batch, { signal: timeout.signal }),
        () => {
          const text = `process has not ended within processTimeoutSeconds (${options.processTimeoutSeconds}) on batch ${batchId}`;
          const error = new Error(text);
          timeout.abort(error);
          return error;
        },
      );
    });
  } catch (error) {
    if (!hasBegun) throw error;
    failure = messageOf(error);
    log.warn('process failed', { batchId, deliveryId, error: failure });
  }
  const isSuccess = failure === undefined;
  const outcome = {
    requestContext: { condition: isSuccess ? 'Success' : 'RetriesExhausted' },
    requestPayload: event,
    responsePayload: isSuccess ? null : { errorMessage: failure },
  };
  queues.send('outcome', JSON.stringify(outcome));
}
