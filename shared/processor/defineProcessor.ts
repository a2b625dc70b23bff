import type { S3Client } from '@aws-sdk/client-s3';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Context } from 'aws-lambda';
import { s3Client } from '../aws/clients/s3.ts';
import { readObject } from '../aws/objectRead.ts';
import { processorEventSchema } from '../batch/contracts.ts';
import { invalidText } from '../invalid/text.ts';
import { DeliveredBatch } from './deliveredBatch.ts';

/** Processes a batch. If it resolves, the delivery is complete; if it throws, the batch is delivered again. */
export type ProcessBatch = (batch: DeliveredBatch, context: Context) => Promise<void>;

export interface ProcessorOptions {
  /** The client that reads the rows. Default: a client for the function's region and credentials. */
  readonly s3?: S3Client;
  /**
   * Runs `process` once per `deliveryId`, by a record of each delivery in the handler's table. A
   * repeated delivery returns at once. A concurrent one waits for the first, and throws if its own
   * time runs out.
   *
   * The exception is a crash: if the function is killed while `process` runs, the record expires
   * 10 seconds after the function's timeout would have come, and a later delivery runs `process`
   * again. Nothing can tell whether an effect outside the table had happened by then, so what
   * `process` writes should still be idempotent or one transaction. The same applies if the table
   * refuses to record that `process` has ended, which emits a warning of the process.
   *
   * Default: false; the table is not used.
   */
  readonly once?: boolean;
  /** The client for the records of `once`. Default: a client for the function's region and credentials. */
  readonly dynamodb?: DynamoDBDocumentClient;
}

/**
 * Creates the handler of a processor Lambda.
 *
 * ```ts
 * export const handler = defineProcessor(async (batch) => {
 *   for await (const { customId, response } of batch.results()) { … }
 * });
 * ```
 *
 * A batch is delivered at least once: make the effect idempotent by `batch.deliveryId`, or set `once`.
 *
 * @returns the handler. It throws what `process` throws, and Error if the event is not a delivery
 */
export function defineProcessor(
  process: ProcessBatch,
  options: ProcessorOptions = {},
): (event: unknown, context: Context) => Promise<void> {
  const s3 = options.s3 ?? s3Client();
  let { dynamodb } = options;
  return async (event, context) => {
    const parsed = processorEventSchema.safeParse(event);
    if (!parsed.success) {
      const text = invalidText(parsed.error, { input: event, root: 'event', isHidden: true });
      throw new Error(
        `not a delivery of a batch: ${text}. This function is invoked by Batch Handler`,
      );
    }
    const batch = new DeliveredBatch(parsed.data, (object) => readObject(s3, object));
    if (options.once) {
      // Imported here, so that other processors do not load it.
      const { dynamodbClient, dynamoTable, effectRecord, once } = await import('./onceOnDynamo.ts');
      dynamodb ??= dynamodbClient();
      const record = effectRecord(dynamoTable(dynamodb, batch.event.table), batch.deliveryId);
      const remainingMs = context.getRemainingTimeInMillis();
      return once(batch.deliveryId, record, remainingMs, () => process(batch, context));
    }
    // Returns nothing, because Lambda would send the value to the outcome queue, which limits its size.
    await process(batch, context);
  };
}
