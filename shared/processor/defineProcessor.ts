import type { S3Client } from '@aws-sdk/client-s3';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Context } from 'aws-lambda';
import { s3Client } from '../aws/clients/s3.ts';
import { readObject } from '../aws/objectRead.ts';
import { type ProcessorEvent, processorEventSchema } from '../batch/contracts.ts';
import { ownKeyOf } from '../batch/ids.ts';
import type { ObjectStore } from '../batch/ports.ts';
import { invalidText } from '../invalid/text.ts';
import type { ItemTable } from '../stores/itemTable.ts';
import { DeliveredBatch, type ReadObject } from './deliveredBatch.ts';

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
  /** Reads the rows, in place of `s3`: for a handler whose port `objects` is replaced. */
  readonly objects?: Pick<ObjectStore, 'bucket' | 'prefix' | 'read'>;
  /** Keeps the records of `once`, in place of `dynamodb`: for a handler whose port `items` is replaced. */
  readonly items?: ItemTable;
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
  const read = readerOf(options);
  let { dynamodb } = options;
  return async (event, context) => {
    const parsed = processorEventSchema.safeParse(event);
    if (!parsed.success) {
      const text = invalidText(parsed.error, { input: event, root: 'event', isHidden: true });
      throw new Error(
        `not a delivery of a batch: ${text}. This function is invoked by Batch Handler`,
      );
    }
    const batch = new DeliveredBatch(parsed.data, read);
    if (options.once) {
      // Imported here, so that other processors do not load it.
      const { dynamodbClient, dynamoTable, effectRecord, once } = await import('./onceOnDynamo.ts');
      const onDynamo = () => {
        dynamodb ??= dynamodbClient();
        return dynamoTable(dynamodb, tableOf(batch.event));
      };
      const record = effectRecord(options.items ?? onDynamo(), batch.deliveryId);
      const remainingMs = context.getRemainingTimeInMillis();
      return once(batch.deliveryId, record, remainingMs, () => process(batch, context));
    }
    // Returns nothing, because Lambda would send the value to the outcome queue, which limits its size.
    await process(batch, context);
  };
}

function readerOf({ s3, objects }: ProcessorOptions): ReadObject {
  if (!objects) {
    const client = s3 ?? s3Client();
    return (object) => readObject(client, object);
  }
  return (object) => {
    const key = ownKeyOf(objects, object);
    if (key === undefined)
      throw new Error(
        `${object.key} is in ${object.bucket}, and the option objects reads ${objects.bucket}: give the store that the handler has`,
      );
    return objects.read(key);
  };
}

/** @throws Error for a delivery of a handler whose table is replaced */
function tableOf({ table, deliveryId }: ProcessorEvent): string {
  if (table !== '') return table;
  throw new Error(
    `delivery ${deliveryId} is of a handler without a table, and once keeps its records there: give defineProcessor the option items, as the handler has it`,
  );
}
