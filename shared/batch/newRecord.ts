import { moneyOfPart } from './cost.ts';
import { NO_USAGE } from './job.ts';
import type { AddMessage } from './messages.ts';
import { maxBackoffMs, type Policy } from './policy.ts';
import { type Batch, SCHEMA_VERSION, type Source } from './record.ts';
import { isEnded } from './status.ts';

/** The record of a batch that has just been accepted: its input is to be inspected. */
export function newBatch(
  message: AddMessage,
  made: {
    batchId: string;
    providers: readonly [string, ...string[]];
    source: Source;
    keyPrefix: string;
  },
  policy: Policy,
  now: number,
): Batch {
  return {
    schemaVersion: SCHEMA_VERSION,
    batchId: made.batchId,
    version: 0,
    status: 'inspecting',
    statusAt: now,
    // The intake sends the work right after this write; the sweeper does if that was lost.
    dueAt: now + maxBackoffMs(policy.resendBackoff, 0),
    provider: made.providers[0],
    ...(made.providers.length > 1 ? { providers: [...made.providers] } : {}),
    format: message.format,
    ...(message.endpoint === undefined ? {} : { endpoint: message.endpoint }),
    priority: message.priority,
    ...(message.notBefore === undefined ? {} : { notBefore: Date.parse(message.notBefore) }),
    ...(message.maxCost === undefined ? {} : { maxCost: message.maxCost }),
    completionWindow: message.completionWindow,
    options: message.options,
    metadata: message.metadata,
    source: made.source,
    createdAt: now,
    deadlineAt: now + policy.maxAgeSeconds * 1000,
    commands: [],
    cancelRequested: false,
    keyPrefix: made.keyPrefix,
    submission: 1,
    sends: 1,
    failures: 0,
    attempt: 0,
    attemptBase: 0,
    selection: 'unfinished',
    pastJobs: [],
    cleanUp: [],
    counts: { total: 0, succeeded: 0, failed: 0, unfinished: 0 },
    usage: NO_USAGE,
    cost: 0,
    reasons: [],
  };
}

/** Parts are numbered from 1. No user can choose such an id: it has a slash. */
export function partId(parentId: string, number: number): string {
  return `${parentId}/${number}`;
}

/** The id of the batch that the user knows. */
export function rootBatchId(batchId: string): string {
  const slash = batchId.indexOf('/');
  return slash < 0 ? batchId : batchId.slice(0, slash);
}

/** The record of a part: ordinary in all but its end, which nobody is told of but its parent. */
export function newPart(parent: Batch, number: number, keyPrefix: string, now: number): Batch {
  const slice = parent.parts?.[number - 1];
  if (!slice || !parent.input) throw new Error(`batch ${parent.batchId} has no part ${number}`);
  const { start, end, requests, estimatedTokens, maxOutputTokens } = slice;
  const { estimate, maxCost } = moneyOfPart(parent, slice);
  const { input, provider, providers, format, endpoint, model, priority, completionWindow } =
    parent;
  const { options, metadata, source, createdAt, deadlineAt } = parent;
  const named = providers?.[(number - 1) % providers.length] ?? provider;
  return {
    schemaVersion: SCHEMA_VERSION,
    batchId: partId(parent.batchId, number),
    parent: parent.batchId,
    version: 0,
    status: 'queued',
    statusAt: now,
    provider: named,
    ...(providers ? { providers } : {}),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(model === undefined ? {} : { model }),
    ...{ format, priority, completionWindow, options, metadata, source, createdAt, deadlineAt },
    ...(maxCost === undefined ? {} : { maxCost }),
    input: {
      ...{ key: input.key, bytes: end - start, range: { start, end }, requests, estimatedTokens },
      ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
      ...(estimate === undefined ? {} : { estimatedCost: estimate }),
    },
    commands: [],
    cancelRequested: false,
    keyPrefix,
    submission: 1,
    sends: 0,
    failures: 0,
    attempt: 0,
    attemptBase: 0,
    selection: 'unfinished',
    pastJobs: [],
    cleanUp: [],
    counts: { total: requests, succeeded: 0, failed: 0, unfinished: requests },
    usage: NO_USAGE,
    cost: 0,
    reasons: [],
  };
}

/** The command id by which a parent's retry reaches its parts: once each. */
export function partRetryId(parent: Batch): string {
  return `${parent.batchId}-retry-${parent.retries ?? 0}`;
}

/** Whether a part has to run again what did not succeed, because its parent was told to. */
export function needsRetry(part: Batch, parent: Batch): boolean {
  if (!parent.retries || part.commands.includes(partRetryId(parent))) return false;
  const hasFailed = part.counts.succeeded < part.counts.total;
  return isEnded(part.status) && part.rows !== undefined && hasFailed;
}
