import type { Job, Outcome } from '../job.ts';
import { maxBackoffMs } from '../policy.ts';
import type { Batch } from '../record.ts';
import type { EndStatus, Status } from '../status.ts';
import {
  type Changes,
  type Decision,
  type DecisionContext,
  revise,
  withReason,
} from './decision.ts';
import type { Effect } from './events.ts';

/** One function for each status that can be entered: what entering it sets and sets going. */

function enter(
  batch: Batch,
  status: Status,
  { now }: DecisionContext,
  changes: Changes,
  ...effects: Effect[]
): Decision {
  const next = revise(batch, {
    // Nothing that belongs to the old status survives unless it is set again.
    claim: undefined,
    intentAt: undefined,
    resumeAt: undefined,
    outcome: undefined,
    dueAt: undefined,
    endEventSent: undefined,
    sends: 0,
    ...changes,
    status,
    previousStatus: batch.status,
    statusAt: now,
  });
  // Last: a provider that is slow to delete a file delays nothing else.
  const cleanUp: Effect[] = next.cleanUp.length > batch.cleanUp.length ? [{ type: 'cleanUp' }] : [];
  return { type: 'changed', batch: next, effects: [...effects, { type: 'announce' }, ...cleanUp] };
}

export function enterQueued(
  batch: Batch,
  context: DecisionContext,
  changes: Changes,
  ...effects: Effect[]
) {
  return enter(batch, 'queued', context, changes, ...effects);
}

/** Due at once, or when it may start, and then for as long as its parts run. */
export function enterSplit(batch: Batch, context: DecisionContext, changes: Changes): Decision {
  const dueAt = Math.max(context.now, batch.notBefore ?? 0);
  return enter(batch, 'split', context, { ...changes, dueAt });
}

export function enterSubmitting(
  batch: Batch,
  context: DecisionContext,
  changes: Changes = {},
): Decision {
  return enter(
    batch,
    'submitting',
    context,
    { ...changes, sends: 1, dueAt: resendAt(0, context) },
    { type: 'sendWork', work: 'submit' },
  );
}

export function enterRunning(
  batch: Batch,
  context: DecisionContext,
  job: Job,
  ...effects: Effect[]
) {
  return enter(
    batch,
    'running',
    context,
    // Due at once and for as long as it runs: every sweep checks it, and nothing is written.
    { job, attempt: batch.attempt + 1, failures: 0, dueAt: context.now },
    ...effects,
  );
}

/** Also for what never had a job: the collection gives every request its row. */
export function enterCollecting(
  batch: Batch,
  context: DecisionContext,
  outcome: Outcome,
  changes: Changes = {},
): Decision {
  const reasons = withReason(batch, outcome.reason);
  const sent = { sends: 1, dueAt: resendAt(0, context) };
  const collect = { type: 'sendWork', work: 'collect' } as const;
  return enter(batch, 'collecting', context, { reasons, ...changes, outcome, ...sent }, collect);
}

/**
 * The same, decided by a worker. It must not send to the queue that it works off, because Lambda
 * stops such loops: the next sweep sends the work.
 */
export function enterPendingCollecting(
  batch: Batch,
  context: DecisionContext,
  outcome: Outcome,
  changes: Changes = {},
): Decision {
  const reasons = withReason(batch, outcome.reason);
  return enter(batch, 'collecting', context, { reasons, ...changes, outcome, dueAt: context.now });
}

export function enterRetrying(
  batch: Batch,
  context: DecisionContext,
  resumeAt: number,
  changes: Changes,
  ...others: Effect[]
): Decision {
  const parked = revise(batch, { ...changes, resumeAt });
  const { dueAt, effects } = requeue(parked, context);
  return enter(batch, 'retrying', context, { ...changes, resumeAt, dueAt }, ...effects, ...others);
}

export function enterDelivering(
  batch: Batch,
  context: DecisionContext,
  changes: Changes,
): Decision {
  const number = (batch.delivery?.number ?? 0) + 1;
  const invocations = batch.delivery?.invocations ?? 0;
  const delivery = { number, attempt: 0, invocations, pending: false };
  return enter(
    batch,
    'delivering',
    context,
    { ...changes, ...invocation({ ...batch, delivery }, context) },
    { type: 'invokeProcessor' },
  );
}

/** An ended batch stays due until its end event was sent and its jobs' files are deleted. */
export function enterEnd(
  batch: Batch,
  context: DecisionContext,
  status: EndStatus,
  changes: Changes = {},
): Decision {
  return enter(batch, status, context, { ...changes, endedAt: context.now, dueAt: context.now });
}

/** What is sent may be lost: when it is sent again, and with what. */

/** When work that was sent and not claimed is sent again. */
export function resendAt(sends: number, { policy, now }: DecisionContext): number {
  return now + maxBackoffMs(policy.resendBackoff, sends);
}

/**
 * The wait before a batch is queued again. SQS delays a message for 15 minutes at most: a longer
 * wait stays in the record until that much is left. Once the message is sent, the sweeper looks
 * again only if it seems to be lost.
 *
 * @param batch the record as it will be written: the message is good for its version only
 */
export function requeue(
  batch: Batch,
  context: DecisionContext,
): { dueAt: number; effects: readonly Effect[] } {
  const { policy, now } = context;
  const waitMs = Math.max(0, (batch.resumeAt ?? now) - now);
  const maxDelayMs = policy.maxDelaySeconds * 1000;
  if (waitMs > maxDelayMs) return { dueAt: now + waitMs - maxDelayMs, effects: [] };
  const graceMs = maxBackoffMs(policy.resendBackoff, batch.sends);
  return {
    dueAt: now + waitMs + graceMs,
    effects: [{ type: 'sendRequeue', delaySeconds: waitMs / 1000, version: batch.version }],
  };
}

/** The next invocation of the present delivery, and when its outcome counts as lost. */
export function invocation(
  { delivery }: Pick<Batch, 'delivery'>,
  { policy, now }: DecisionContext,
): Pick<Batch, 'delivery' | 'dueAt'> {
  const { number, attempt, invocations } = delivery ?? { number: 1, attempt: 0, invocations: 0 };
  const outcomeSeconds =
    policy.invocationAgeSeconds + policy.processorTimeoutSeconds + policy.leaseMarginSeconds;
  return {
    delivery: { number, attempt: attempt + 1, invocations: invocations + 1, pending: true },
    dueAt: now + outcomeSeconds * 1000,
  };
}
