import { ceilingMs } from './backoff.ts';
import { type Batch, SCHEMA_VERSION, type Source } from './batch.ts';
import { NO_USAGE } from './job.ts';
import type { AddMessage } from './messages.ts';
import type { Policy } from './policy.ts';

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
    dueAt: now + ceilingMs(policy.resendBackoff, 0),
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
