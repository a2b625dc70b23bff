import type { S3Client } from '@aws-sdk/client-s3';
import type { Context } from 'aws-lambda';
import { s3Client } from '../aws/clients/s3.ts';
import { readObject } from '../aws/objectReader.ts';
import { processorEventSchema } from '../batch/processorEvent.ts';
import { DeliveredBatch } from './deliveredBatch.ts';

/** What your function does with a batch. Returning completes it; throwing has it delivered again. */
export type ProcessBatch = (batch: DeliveredBatch, context: Context) => Promise<void>;

export interface ProcessorOptions {
  /** The client that reads the rows. Default: one made from the function's environment. */
  readonly s3?: S3Client;
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
 * A delivery comes at least once: make the effect idempotent by `batch.deliveryId`.
 *
 * @returns the handler. It throws what `process` throws, and for an event that is no delivery.
 */
export function defineProcessor(
  process: ProcessBatch,
  options: ProcessorOptions = {},
): (event: unknown, context: Context) => Promise<void> {
  const s3 = options.s3 ?? s3Client();
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
    // Whatever it returns would be sent to the outcome queue, which has a limit of size.
    await process(batch, context);
  };
}
