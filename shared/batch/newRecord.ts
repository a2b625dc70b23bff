import { omitUndefined } from '../omitUndefined.ts';
import { costOfPart } from './cost.ts';
import type { Reason } from './errors.ts';
import { idsOfPart, type Slice } from './input.ts';
import { NO_USAGE } from './job.ts';
import { countsOfNew } from './ledger.ts';
import type { AddMessage } from './messages.ts';
import { maxBackoffMs, type Policy } from './policy.ts';
import { BATCH_SCHEMA_VERSION, type Batch, type BatchIn, type Core } from './record.ts';
import type { Source, Spec } from './spec.ts';
import { isEnded } from './status.ts';

/** The values that every new record starts with. */
const INITIAL = {
  schemaVersion: BATCH_SCHEMA_VERSION,
  version: 0,
  cancelRequested: false,
  commands: [],
  retries: 0,
  submission: 1,
  sends: 0,
  failures: 0,
  attempt: 0,
  attemptBase: 0,
  selection: 'unfinished',
  pastJobs: [],
  jobsToDelete: [],
  usage: NO_USAGE,
  cost: 0,
  reasons: [],
} satisfies Partial<Core>;

/** What the intake has made or looked up for a message. */
export interface Prepared {
  readonly batchId: string;
  /** The provider entries that the message names, checked. */
  readonly providers: readonly [string, ...string[]];
  readonly source: Source;
  readonly keyPrefix: string;
}

/** The record of a batch that has just been accepted. Its input is inspected next. */
export function newBatch(
  message: AddMessage,
  { batchId, providers, source, keyPrefix }: Prepared,
  policy: Policy,
  now: number,
): BatchIn<'inspecting'> {
  const spec = { ...askedIn(message), providers: [...providers] as Spec['providers'], source };
  return {
    ...INITIAL,
    batchId,
    status: 'inspecting',
    statusAt: now,
    createdAt: now,
    // The intake sends the work right after this write, and the sweeper if that message was lost.
    dueAt: now + maxBackoffMs(policy.resendBackoff, 0),
    sends: 1,
    spec,
    provider: providers[0],
    deadlineAt: deadlineOf(spec, policy, now),
    keyPrefix,
    counts: countsOfNew(0),
  };
}

/** When a run that begins now ends with what it has: its age counts from its `notBefore`. */
export function deadlineOf(
  { notBefore = 0 }: Pick<Spec, 'notBefore'>,
  { maxAgeSeconds }: Pick<Policy, 'maxAgeSeconds'>,
  now: number,
): number {
  return Math.max(now, notBefore) + maxAgeSeconds * 1000;
}

/** What the message asks for, whole, without what the intake has looked up for it. */
function askedIn(message: AddMessage): Omit<Spec, 'providers' | 'source'> {
  const { schemaVersion, action, batchId, provider, providers, file, requests, ...asked } = message;
  const { notBefore, ...unchanged } = asked;
  return notBefore === undefined ? unchanged : { ...unchanged, notBefore: Date.parse(notBefore) };
}

/** Parts are numbered from 1. No user can choose such an id: it has a slash. */
export function partId(parentId: string, number: number): string {
  return `${parentId}/${number}`;
}

/** The id of the batch as the user knows it: that of its parent, for a part. */
export function rootBatchId(batchId: string): string {
  const slash = batchId.indexOf('/');
  return slash < 0 ? batchId : batchId.slice(0, slash);
}

export function isPartId(batchId: string): boolean {
  return rootBatchId(batchId) !== batchId;
}

/** The record of a part: an ordinary batch, except that its end is announced to its parent only. */
export function newPart(
  parent: BatchIn<'split'>,
  { number, slice, keyPrefix }: { number: number; slice: Slice; keyPrefix: string },
  now: number,
): BatchIn<'queued'> {
  const { spec, input, createdAt, deadlineAt } = parent;
  const { start, end, idBytes, ...size } = slice;
  const ids = idsOfPart(input, number);
  const { estimatedCost, maxCost } = costOfPart(input, slice, spec.maxCost);
  const { key, endpoint, model, isAbbreviated, price, inspectedAt } = input;
  return {
    ...INITIAL,
    batchId: partId(parent.batchId, number),
    part: { parentId: parent.batchId, parentKeyPrefix: parent.keyPrefix, range: { start, end } },
    // A part that a retry finds missing runs for the first time: that is its retry.
    commands: parent.retries > 0 ? [partRetryId(parent)] : [],
    status: 'queued',
    statusAt: now,
    createdAt,
    queuedSince: now,
    spec: { ...spec, ...omitUndefined({ maxCost }) },
    provider: inTurn(spec.providers, number),
    deadlineAt,
    keyPrefix,
    counts: countsOfNew(size.requests),
    reasons: reasonsOfSplit(parent),
    input: {
      ...{ key, endpoint, bytes: end - start },
      ...omitUndefined({ ...size, model, isAbbreviated, price, estimatedCost, inspectedAt, ids }),
    },
  };
}

/** The refusal that a batch was split after, and the split itself. None if it was too large for a job. */
function reasonsOfSplit({ reasons }: BatchIn<'split'>): Reason[] {
  const last = reasons.at(-1);
  const refusal = reasons.findLast(({ quota }) => quota !== undefined);
  return [refusal, last === refusal ? undefined : last].filter((reason) => reason !== undefined);
}

function inTurn(providers: readonly string[], number: number): string {
  return providers[(number - 1) % providers.length] as string;
}

/**
 * Whether a part belongs to this batch, and not to an earlier one with the same id. A part without
 * the key prefix was written by an earlier version: it was created with the time of its batch.
 */
export function isPartOf({ part, createdAt }: Batch, parent: Batch): boolean {
  if (part?.parentId !== parent.batchId) return false;
  const { parentKeyPrefix } = part;
  return parentKeyPrefix === undefined
    ? createdAt === parent.createdAt
    : parentKeyPrefix === parent.keyPrefix;
}

/** The command id by which a cancel reaches a part: once for each time that the part is run. */
export function partCancelId({ batchId, retries }: Batch): string {
  return `${batchId}-cancel-${retries}`;
}

/** The command id by which a parent's retry reaches its parts: once each. */
export function partRetryId({ batchId, retries }: BatchIn<'split'>): string {
  return `${batchId}-retry-${retries}`;
}

/** Whether a part has not yet carried out its parent's retry and has requests that did not succeed. */
export function needsRetry(part: Batch, parent: BatchIn<'split'>): boolean {
  if (parent.retries === 0 || part.commands.includes(partRetryId(parent))) return false;
  const hasFailed = part.counts.succeeded < part.counts.total;
  return isEnded(part.status) && 'rows' in part && part.rows !== undefined && hasFailed;
}
