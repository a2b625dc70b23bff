import { TABLE } from '../../shared/config.ts';
import { allow, allowIndex, allowItems, allowObjects, allowPublish, allowSend } from './allow.ts';
import type { HandlerFunctions, HandlerResources } from './functions.ts';

/** Prefixes of the keys of batches and of the states of provider entries. */
export const RECORD_KEYS = ['batch#', 'provider#'];
/** Prefix of the keys of the items that list the batches of a tenant. Whoever adds a batch writes one. */
export const TENANT_BATCH_KEYS = 'tenantBatch#';
/** Prefix of the keys of the budgets of tenants, with what they have spent. */
export const TENANT_KEYS = 'tenant#';
/** Prefix of the keys of the items that list the tenants with batches in a queue. */
export const TENANT_QUEUE_KEYS = 'tenantQueue#';
export const SWEEP_LOCK_KEYS = 'lock#';

/**
 * Grants each function what it needs, except to consume its queue and to call providers.
 * No function may send to the queue that it consumes: Lambda stops such a loop after about 16 turns.
 */
export function grantPermissions(
  { intake, sweeper, worker, outcome }: HandlerFunctions,
  {
    table,
    bucket,
    prefixes,
    inputBuckets,
    queues,
    processor,
    eventBus,
    replaced,
  }: HandlerResources,
): void {
  const all = [intake, sweeper, worker, outcome];

  for (const each of all)
    allowItems(each, ['dynamodb:GetItem', 'dynamodb:PutItem'], table, RECORD_KEYS);
  // The sweeper takes the lease of the sweep and reads the batches that are due.
  allowItems(sweeper, ['dynamodb:GetItem', 'dynamodb:PutItem'], table, [SWEEP_LOCK_KEYS]);
  allowItems(sweeper, ['dynamodb:BatchGetItem'], table, ['batch#']);
  // A batch is listed before it is added, and its tenant before it enters a queue.
  allowItems(intake, ['dynamodb:GetItem', 'dynamodb:PutItem'], table, [
    TENANT_BATCH_KEYS,
    TENANT_QUEUE_KEYS,
  ]);
  for (const each of [sweeper, worker])
    allowItems(each, ['dynamodb:GetItem', 'dynamodb:PutItem'], table, [
      TENANT_KEYS,
      TENANT_QUEUE_KEYS,
    ]);
  allowItems(sweeper, ['dynamodb:DeleteItem'], table, [TENANT_QUEUE_KEYS]);
  // The intake removes records that cannot be read.
  allowItems(intake, ['dynamodb:DeleteItem'], table, ['batch#']);
  const indexes = [TABLE.dueIndex.name, TABLE.providerIndex.name];
  for (const name of indexes) allowIndex(sweeper, table, name);

  allowSend([intake, sweeper], queues.worker?.queue);
  allowSend([sweeper, worker], queues.intake?.queue);
  allowSend([intake], queues.intake?.deadLetterQueue);
  allowSend([worker], queues.worker?.deadLetterQueue);

  if (!replaced.includes('processor'))
    allow([intake, sweeper, worker], ['lambda:InvokeFunction'], [processor.functionArn]);
  allowPublish(all, eventBus);

  const write = ['s3:PutObject', 's3:AbortMultipartUpload'];
  allowObjects(intake, bucket, prefixes.uploads, ['s3:GetObject']);
  allowObjects(intake, bucket, prefixes.messages, write);
  allowObjects(intake, bucket, prefixes.batches, write);
  allowObjects(worker, bucket, prefixes.uploads, ['s3:GetObject']);
  allowObjects(worker, bucket, prefixes.batches, ['s3:GetObject', ...write]);
  // The sweeper removes the copies of inputs, and nothing else of a batch.
  const copies = ['input.jsonl', 'ids.jsonl', 'requests.jsonl'];
  for (const copy of [prefixes.uploads, ...copies.map((name) => `${prefixes.batches}*/${name}`)])
    allowObjects(sweeper, bucket, copy, ['s3:DeleteObject']);
  for (const inputBucket of inputBuckets) {
    for (const reader of [intake, worker]) {
      allowObjects(reader, inputBucket, '', ['s3:GetObject']);
    }
  }
  // Without ListBucket, S3 answers 403 instead of 404 for an object that does not exist.
  const buckets = [...(bucket ? [bucket] : []), ...inputBuckets].map(({ bucketArn }) => bucketArn);
  if (buckets.length > 0) allow([intake, worker], ['s3:ListBucket'], buckets);
}
