import { type Batch, SCHEMA_VERSION } from './batch.ts';
import { NO_USAGE } from './job.ts';
import { moneyOfPart } from './maxCost.ts';
import { isEnded } from './status.ts';

/** Parts are numbered from 1. No user can choose such an id: it has a slash. */
export function partId(parentId: string, number: number): string {
  return `${parentId}/${number}`;
}

/** The id of the batch that the user knows. */
export function rootId(batchId: string): string {
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
export function owesRetry(part: Batch, parent: Batch): boolean {
  if (!parent.retries || part.commands.includes(partRetryId(parent))) return false;
  const hasFailed = part.counts.succeeded < part.counts.total;
  return isEnded(part.status) && part.rows !== undefined && hasFailed;
}
