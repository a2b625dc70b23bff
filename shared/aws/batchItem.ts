import { expectedOfJob } from '../batch/cost.ts';
import { refusal } from '../batch/errors.ts';
import { BATCH_SCHEMA_VERSION, type Batch, type BatchFields } from '../batch/record.ts';
import { isEnded, type Status } from '../batch/status.ts';
import { storedBatchSchema } from '../batch/upgrade.ts';
import { TABLE } from '../config.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { type Item, parseRecord } from './table.ts';

/** A record costs a write unit per KB with every step of its batch. */
export const MAX_RECORD_BYTES = 40 * 1024;
/** A new record leaves the rest to what its batch comes to: a job, files, reasons, 200 parts. */
const MAX_NEW_RECORD_BYTES = 16 * 1024;

export interface ItemLayout {
  /** Number of partitions that open batches spread over. */
  readonly shards: number;
  /** How long an ended batch is kept. */
  readonly retentionSeconds: number;
}

/** Statuses in which a job may occupy the provider: once it has ended, its capacity is free. */
const OCCUPYING: ReadonlySet<Status> = new Set(['submitting', 'running']);

const ID_PREFIX = 'batch#';

export function itemId(batchId: string): string {
  return ID_PREFIX + batchId;
}

export function batchIdOf(item: Item): string {
  return String(item[TABLE.partitionKey]).slice(ID_PREFIX.length);
}

/**
 * The item of a record: the record itself as JSON under `record`, and beside it what conditions,
 * indexes and somebody looking into the table need.
 *
 * @param writeToken fresh for every write
 * @throws RefusedError for a record over the limit
 */
export function toItem(batch: Batch, writeToken: string, layout: ItemLayout): Item {
  const { batchId, version, status, statusAt, provider, deadlineAt, input, job }: BatchFields =
    batch;
  const { providers } = batch.spec;
  const expected = expectedOfJob(batch);
  return omitUndefined({
    [TABLE.partitionKey]: itemId(batchId),
    schemaVersion: BATCH_SCHEMA_VERSION,
    version,
    writeToken,
    status,
    statusAt,
    provider,
    deadlineAt,
    model: input?.model,
    providers: providers.length > 1 ? providers : undefined,
    jobId: job?.id,
    requests: input?.requests ?? 0,
    estimatedTokens: input?.estimatedTokens ?? 0,
    expectedInput: expected.inputTokens,
    expectedOutput: expected.outputTokens,
    record: recordText(batch),
    ...dueKeys(batch, layout.shards),
    ...(OCCUPYING.has(status) || isUnpaid(batch) ? occupation(batch) : {}),
    ...expiry(batch, layout.retentionSeconds),
  });
}

/** @throws NewerSchemaError for a record of a newer version */
export function fromItem(item: Item): Batch {
  const what = `batch ${batchIdOf(item)}`;
  return parseRecord(what, item, storedBatchSchema, BATCH_SCHEMA_VERSION);
}

/** What its job has cost is known when its rows are in: until then a budget counts the estimate. */
function isUnpaid({ status, job }: BatchFields): boolean {
  return status === 'collecting' && job !== undefined;
}

/** What a batch that occupies its provider shows in the index of those. */
function occupation(batch: BatchFields): Item {
  return {
    [TABLE.providerIndex.partitionKey]: batch.provider,
    isPending: batch.job?.acceptedAt === undefined,
    isOver: isUnpaid(batch) || undefined,
  };
}

function dueKeys(batch: BatchFields, shards: number): Item {
  const { partitionKey, sortKey } = TABLE.dueIndex;
  if (batch.status === 'queued')
    return { [partitionKey]: waitingQueue(batch.provider), [sortKey]: waitingKey(batch) };
  if (batch.dueAt === undefined) return {};
  return { [partitionKey]: openQueue(batch.batchId, shards), [sortKey]: timeKey(batch.dueAt) };
}

function expiry({ status, dueAt, endedAt }: BatchFields, retentionSeconds: number): Item {
  if (!isEnded(status) || dueAt !== undefined || endedAt === undefined) return {};
  return { [TABLE.timeToLive]: Math.ceil(endedAt / 1000 + retentionSeconds) };
}

/**
 * The record with the latest of its reasons that fit: twenty long ones in an alphabet of three bytes
 * a letter may not, and a batch whose record cannot be written would be stuck for good.
 */
function recordText(batch: Batch): string {
  const maxBytes = batch.version === 0 ? MAX_NEW_RECORD_BYTES : MAX_RECORD_BYTES;
  const { reasons } = batch;
  for (let dropped = 0; ; dropped++) {
    const text = JSON.stringify({ ...batch, reasons: reasons.slice(dropped) });
    const bytes = Buffer.byteLength(text);
    if (bytes <= maxBytes) return text;
    if (dropped === reasons.length) {
      const message = `the record of batch ${batch.batchId} has ${bytes} bytes, over ${maxBytes}: shorten its options or its metadata`;
      throw refusal('record_too_large', message);
    }
  }
}

/** Keys of the `due` index. Fixed width, so that text sorts as the numbers do. */

/** Milliseconds since 1970 in 15 digits: enough until the year 33658. */
export function timeKey(time: number): string {
  // Up, so that nothing appears due before it is.
  return String(Math.ceil(time)).padStart(15, '0');
}

/** Where the batches of a provider wait for capacity. */
export function waitingQueue(provider: string): string {
  return `waiting#${provider}`;
}

/** The range that messages may ask for: -500 to 499. */
const HIGHEST_PRIORITY = 499;

/** Sorts by priority, the highest first, then by age. */
export function waitingKey({ spec, createdAt }: Pick<Batch, 'spec' | 'createdAt'>): string {
  const rank = Math.min(999, Math.max(0, HIGHEST_PRIORITY - spec.priority));
  return `${String(rank).padStart(3, '0')}#${timeKey(createdAt)}`;
}

/** When a batch of the waiting queue was created. */
export function createdAtOf(key: string): number {
  return Number(key.slice(key.indexOf('#') + 1));
}

/** Where the batches of a shard are that owe something. */
export function shardQueue(shard: number): string {
  return `open#${shard}`;
}

/** A batch keeps its shard for life: with fewer shards than before, some would not be swept. */
export function openQueue(batchId: string, shards: number): string {
  return shardQueue(hash(batchId) % shards);
}

/** FNV-1a, 32 bits: https://datatracker.ietf.org/doc/html/draft-eastlake-fnv */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}
