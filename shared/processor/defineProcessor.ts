import type { S3Client } from '@aws-sdk/client-s3';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Context } from 'aws-lambda';
import { s3Client } from '../aws/clients/s3.ts';
import { readObject } from '../aws/objectRead.ts';
import { processorEventSchema } from '../batch/contracts.ts';
import { DeliveredBatch } from './deliveredBatch.ts';

/** What your function does with a batch. Returning completes it; throwing has it delivered again. */
export type ProcessBatch = (batch: DeliveredBatch, context: Context) => Promise<void>;

export interface ProcessorOptions {
  /** The client that reads the rows. Default: one made from the function's environment. */
  readonly s3?: S3Client;
  /**
   * Runs `process` once per `deliveryId`: a record of each delivery in the handler's table has a
   * repeated one return at once, and a concurrent one wait for the first, or throw.
   *
   * The one exception is a crash: if the function is killed within `process`, the record expires
   * 10 seconds after the function's timeout would have come, and a later delivery runs `process`
   * again. Nobody can know whether an effect outside the table had happened by then, so what
   * `process` writes should be idempotent or one transaction all the same. The same goes for an
   * effect whose record the table refuses, which is a warning of the process.
   *
   * Default: false, and no call to the table.
   */
  readonly once?: boolean;
  /** The client that keeps the records of `once`. Default: one made from the function's environment. */
  readonly dynamodb?: DynamoDBDocumentClient;
}

/**
 * Makes the handler of a processor Lambda.
 *
 * ```ts
 * export const handler = defineProcessor(async (batch) => {
 *   for await (const { customId, response } of batch.results()) { … }
 * });
 * ```
 *
 * A delivery comes at least once: make the effect idempotent by `batch.deliveryId`, or say `once`.
 *
 * @returns the handler. It throws what `process` throws, and for an event that is no delivery.
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
      const [issue] = parsed.error.issues;
      const place = ['event', ...(issue?.path ?? [])].join('.');
      throw new Error(
        `not a delivery of a batch: ${place}: ${issue?.message}. This function is invoked by Batch Handler`,
      );
    }
    const batch = new DeliveredBatch(parsed.data, (object) => readObject(s3, object));
    if (options.once) {
      // Lazily, so that other processors neither load nor run any of it.
      const { dynamodbClient, once, realEffectRecord } = await import('./once.ts');
      dynamodb ??= dynamodbClient();
      const record = realEffectRecord(dynamodb, batch.event.table, batch.deliveryId);
      const remainingMs = context.getRemainingTimeInMillis();
      return once(batch.deliveryId, record, remainingMs, () => process(batch, context));
    }
    // Whatever it returns would be sent to the outcome queue, which has a limit of size.
    await process(batch, context);
  };
}
