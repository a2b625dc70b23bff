import type * as z from 'zod';
import { saturated } from '../batch/bounds.ts';
import { expectedOfJob } from '../batch/cost.ts';
import { messageOf, refusal, shortReason } from '../batch/errors.ts';
import { withReason } from '../batch/lifecycle/decision.ts';
import { awaitsInputExpiry } from '../batch/lifecycle/ended.ts';
import { runningFacts } from '../batch/lifecycle/jobProgress.ts';
import { jobPartition } from '../batch/partitions.ts';
import { lifetimeSeconds, type Policy } from '../batch/policy.ts';
import type { Partitions, WaitingHint, WaitingQueue } from '../batch/ports.ts';
import {
  BATCH_SCHEMA_VERSION,
  type Batch,
  type BatchFields,
  batchSchema,
} from '../batch/record.ts';
import { isEnded, type Status } from '../batch/status.ts';
import { storedBatchSchema } from '../batch/upgrade.ts';
import { TABLE } from '../config.ts';
import { omitUndefined } from '../omitUndefined.ts';
import {
  activePartition,
  createdMonth,
  openQueue,
  timeKey,
  waitingKey,
  waitingPartition,
} from './indexKeys.ts';
import { parseRecord, type VersionedItem } from './items.ts';
import type { Item } from './itemTable.ts';
import { runningText } from './runningText.ts';

/** Every write of a record costs one write unit per KB. */
export const MAX_RECORD_BYTES = 40 * 1024;
/**
 * A new record leaves room for what its batch must add: 200 parts of about 121 bytes each, a model of
 * 1.5 KB, keys of objects, ids of commands. Parts begin with what their batch has.
 */
const MAX_NEW_RECORD_BYTES = 12 * 1024;

/** How long batches are kept. */
export type Retention = Pick<Policy, 'retentionSeconds' | 'maxAgeSeconds'>;

export interface ItemLayout extends Retention {
  readonly partitions: Partitions;
}

/** Some attributes of an item. */
type Attributes = Readonly<Record<string, unknown>>;

/** Statuses in which a job may occupy capacity at the provider: it is free once the job has ended. */
const OCCUPYING: ReadonlySet<Status> = new Set(['submitting', 'running']);

const ID_PREFIX = 'batch#';

export function batchItemId(batchId: string): string {
  return ID_PREFIX + batchId;
}

export function batchIdOf(item: Pick<Item, 'id'>): string {
  return item.id.slice(ID_PREFIX.length);
}

/**
 * The item of a record: the record itself as JSON under `record`, and beside it the attributes that
 * conditions, indexes and people who look into the table need.
 *
 * @throws RefusedError for a record over the limit
 * @throws Error for a record that could not be read back
 */
export function toItem(batch: Batch, layout: ItemLayout): VersionedItem {
  const { batchId, version, status, statusAt, provider, deadlineAt, input, job }: BatchFields =
    batch;
  const { providers } = batch.spec;
  const expected = expectedOfJob(batch);
  return omitUndefined({
    [TABLE.partitionKey]: batchItemId(batchId),
    schemaVersion: BATCH_SCHEMA_VERSION,
    version,
    status,
    // The index of waiting batches shows it, and its projection cannot be changed.
    statusAt: status === 'queued' ? (batch.queuedSince ?? statusAt) : statusAt,
    provider,
    deadlineAt,
    model: modelAndTenant(batch),
    providers: providers.length > 1 ? providers : undefined,
    jobId: job?.id,
    requests: input?.requests ?? 0,
    estimatedTokens: input?.estimatedTokens ?? 0,
    expectedInput: expected.inputTokens,
    expectedOutput: expected.outputTokens,
    record: recordText(batch),
    // Tells an in-process handler that it need not wait for this.
    awaitsInputExpiry: awaitsInputExpiry(batch) || undefined,
    ...dueKeys(batch, layout.partitions.due),
    ...createdKeys(batch),
    ...(OCCUPYING.has(status) || isUnpaid(batch)
      ? occupation(batch, layout.partitions.active)
      : {}),
    ...expiry(batch, layout),
  });
}

/**
 * @throws NewerSchemaError for a record of a newer version
 * @throws UnreadableRecordError
 */
export function fromItem(item: Item): Batch {
  const batchId = batchIdOf(item);
  const what = `batch ${batchId}`;
  return parseRecord(what, item, storedBatchSchema, BATCH_SCHEMA_VERSION, batchId);
}

/** The cost of a job is known once its rows are collected. Until then a budget counts the estimate. */
function isUnpaid({ status, job }: BatchFields): boolean {
  return status === 'collecting' && job !== undefined;
}

/** Attributes of a batch in the `provider` index, which lists the batches that occupy a provider. */
function occupation(batch: BatchFields, partitions: number): Attributes {
  return {
    [TABLE.providerIndex.partitionKey]: activePartition(
      batch.provider,
      jobPartition(batch, partitions),
    ),
    isPending: batch.job?.acceptedAt === undefined,
    isOver: isUnpaid(batch) || runningText(runningFacts(batch)),
  };
}

function queueOf({ provider, spec }: Pick<Batch, 'provider' | 'spec'>): WaitingQueue {
  return { provider, tenant: spec.tenant };
}

/** Between model and tenant, which have no control characters. */
const TENANT_MARK = '\u001f';

/** The attributes that an index shows cannot be changed, so the model's carries the tenant. */
function modelAndTenant({ input, spec }: BatchFields): string | undefined {
  const model = input?.model;
  return spec.tenant === undefined ? model : `${model ?? ''}${TENANT_MARK}${spec.tenant}`;
}

/** The model and the tenant of a batch, of the attribute `model` of its item. */
export function readModel(attribute: unknown): Pick<WaitingHint, 'model' | 'tenant'> {
  if (attribute === undefined) return { model: undefined };
  const [model, tenant] = String(attribute).split(TENANT_MARK);
  return tenant === undefined ? { model } : { model: model || undefined, tenant };
}

function dueKeys(batch: BatchFields, partitions: number): Attributes {
  const { partitionKey, sortKey } = TABLE.dueIndex;
  if (batch.status === 'queued')
    return { [partitionKey]: waitingPartition(queueOf(batch)), [sortKey]: waitingKey(batch) };
  if (batch.dueAt === undefined) return {};
  // A running job is checked with the others of its provider, which finds it: thousands of them would
  // only be passed over here.
  const dueAt = batch.status === 'running' ? Math.max(batch.dueAt, batch.deadlineAt) : batch.dueAt;
  return { [partitionKey]: openQueue(batch.batchId, partitions), [sortKey]: timeKey(dueAt) };
}

/** Nobody lists parts. Neither key ever changes: only a new status or provider writes the index. */
function createdKeys({ createdAt, part }: Batch): Attributes {
  if (part) return {};
  const { partitionKey, sortKey } = TABLE.createdIndex;
  return { [partitionKey]: createdMonth(createdAt), [sortKey]: timeKey(createdAt) };
}

/**
 * An ended batch is kept for the retention, but not longer than its objects. A part is kept for as
 * long as its batch can be: a retry of the batch needs the rows of all its parts.
 */
function expiry(
  { status, dueAt, endedAt, createdAt, part }: BatchFields,
  retention: Retention,
): Attributes {
  if (!isEnded(status) || dueAt !== undefined || endedAt === undefined) return {};
  const latest = createdAt / 1000 + lifetimeSeconds(retention);
  const usual = endedAt / 1000 + retention.retentionSeconds;
  return { [TABLE.timeToLive]: Math.ceil(part ? latest : Math.min(usual, latest)) };
}

/**
 * The JSON of the record. If it is too large, the places of the ids go first, without which they are read
 * from the snapshot; then the oldest reasons, then the oldest past jobs,
 * then the rarest failures, which count as others: twenty long ones in an alphabet of three bytes a
 * letter may not fit, and a batch whose record cannot be written would be stuck for good.
 */
function recordText(given: Batch): string {
  const whole = checked(given);
  const isAdded = whole.version === 0 && !whole.part;
  const maxBytes = isAdded ? MAX_NEW_RECORD_BYTES : MAX_RECORD_BYTES;
  const wholeText = JSON.stringify(whole);
  if (Buffer.byteLength(wholeText) <= maxBytes) return wholeText;
  const batch = withoutIds(whole);
  const { reasons, pastJobs, failureGroups } = batch;
  const history = reasons.length + pastJobs.length;
  const failures = failureGroups?.length ?? 0;
  for (let dropped = 0; ; dropped++) {
    const kept = {
      reasons: reasons.slice(dropped),
      pastJobs: pastJobs.slice(Math.max(0, dropped - reasons.length)),
      failureGroups: failureGroups?.slice(0, failures - Math.max(0, dropped - history)),
    };
    const text = JSON.stringify({ ...batch, ...kept });
    const bytes = Buffer.byteLength(text);
    if (bytes <= maxBytes) return text;
    if (dropped === history + failures) {
      const message = `the record of batch ${batch.batchId} has ${bytes} bytes, over ${maxBytes}: shorten its options or its metadata`;
      throw refusal('record_too_large', message);
    }
  }
}

function withoutIds(batch: Batch): Batch {
  const { input }: BatchFields = batch;
  if (!input) return batch;
  const { ids, parts, ...rest } = input;
  const slices = parts?.map(({ idBytes, ...slice }) => slice);
  return { ...batch, input: omitUndefined({ ...rest, parts: slices }) } as Batch;
}

/** A record that the schema does not read must not be written: its batch would be stuck for good. */
function checked(batch: Batch): Batch {
  const parsed = batchSchema.safeParse(batch);
  if (parsed.success) return parsed.data;
  const bounded = batchSchema.safeParse(withAmountsInRange(batch, parsed.error.issues));
  if (bounded.success) return bounded.data;
  const { batchId, status } = batch;
  throw new Error(`batch ${batchId} (${status}) cannot be written: ${messageOf(parsed.error)}`);
}

/** What is summed up from what providers and requests say. Times and counts decide: those are not guessed. */
const AMOUNTS: ReadonlySet<string> = new Set([
  ...['inputTokens', 'outputTokens', 'totalTokens', 'cachedTokens', 'cost'],
  ...['cacheWriteTokens', 'longCacheWriteTokens'],
  ...['estimatedTokens', 'maxOutputTokens', 'estimatedCost', 'progress'],
]);

/**
 * The record with the amounts cut that no schema reads, and a reason that says so: whatever a provider
 * or a request says, the step that it belongs to must not fail again and again.
 */
function withAmountsInRange(batch: Batch, issues: readonly z.core.$ZodIssue[]): Batch {
  const bounded: Batch = structuredClone(batch);
  for (const { path } of issues) {
    const name = String(path.at(-1));
    const holder = path.slice(0, -1).reduce<unknown>(valueAt, bounded);
    const value = valueAt(holder, name);
    if (typeof value !== 'number' || !AMOUNTS.has(name)) continue;
    const kept = Math.round(saturated(value));
    Object.assign(holder as object, { [name]: kept });
    const message = `${path.join('.')} came out as ${value}, which no record can hold: ${kept} is kept`;
    bounded.reasons = withReason(bounded, shortReason('value_out_of_range', message));
  }
  return bounded;
}

function valueAt(holder: unknown, name: PropertyKey): unknown {
  return typeof holder === 'object' && holder !== null ? Reflect.get(holder, name) : undefined;
}
