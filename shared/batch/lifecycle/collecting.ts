import { costEnd, estimatedCostOfJob, sumCost } from '../cost.ts';
import { shortReason } from '../errors.ts';
import { type PastJob, sumUsage } from '../job.ts';
import type { Counts } from '../ledger.ts';
import type { BatchIn } from '../record.ts';
import {
  claimRepeatable,
  GRACE_MS,
  holdsClaim,
  isClaimed,
  isPastDeadline,
  isPastGracePeriod,
  releaseClaim,
  resendWork,
  retryDelayMs,
  SUPERSEDED,
} from './claims.ts';
import {
  type Decision,
  type DecisionContext,
  type Handlers,
  ignored,
  stay,
  withPastJob,
  withReason,
} from './decision.ts';
import {
  type Collected,
  type CoreChanges,
  enterCompleted,
  enterDelivering,
  enterEnd,
  enterRetrying,
} from './enter.ts';
import { type Effect, type EventOf, type ProviderRefusalEffect, refusalEffect } from './events.ts';
import { markForDeletion, recordDeletedFiles } from './providerFiles.ts';

/** A worker merges the job's output into the batch's rows. */
export const collecting: Handlers<'collecting'> = {
  due(batch, _event, context) {
    if (isClaimed(batch, context)) return ignored('a worker has claimed it');
    return isPastGracePeriod(batch, context)
      ? endUncollected(batch, context)
      : resendWork(batch, context, 'collect');
  },

  claimed: claimRepeatable,

  workFailed(batch, event, context) {
    return releaseClaim({ ...batch, unread: unreadAfter(batch, event, context) }, event, context);
  },

  collected(batch, event, context) {
    return holdsClaim(batch, event)
      ? withEffect(afterAttempt(batch, event, context), spentEffect(batch, event))
      : ignored(SUPERSEDED);
  },

  filesDeleted: recordDeletedFiles,

  cancelRequested(batch) {
    return stay(batch, { cancelRequested: true });
  },
};

/** The failures to read the job's output so far. Those of another kind are forgotten. */
function unreadAfter(
  { unread }: BatchIn<'collecting'>,
  { failure, reason: { code } }: EventOf<'workFailed'>,
  { now }: DecisionContext,
): BatchIn<'collecting'>['unread'] {
  // A provider that refuses the account, or our own bucket, says nothing about the output.
  if (failure === undefined || failure === 'account' || failure === 'quota') return unread;
  const isDefinite = failure !== 'transient' && failure !== 'uncertain';
  const { times, since } = unread?.code === code ? unread : { times: 0, since: now };
  return { code, isDefinite, times: times + 1, since };
}

/**
 * Whether a collection takes what it can read and leaves out the rest: waiting has not helped, or
 * there is no more time.
 */
export function isSalvageDue(
  { unread, deadlineAt }: BatchIn<'collecting'>,
  { policy, now }: Pick<DecisionContext, 'policy' | 'now'>,
): boolean {
  if (isLastChance({ deadlineAt }, now)) return true;
  if (!unread) return false;
  const isLost = unread.isDefinite && now >= unread.since + policy.outputGraceSeconds * 1000;
  return isLost || unread.times >= policy.maxCollections;
}

/** Whether what cannot be read now will not be read again: there is no more time. */
export function isLastChance(
  { deadlineAt }: Pick<BatchIn<'collecting'>, 'deadlineAt'>,
  now: number,
): boolean {
  return now >= deadlineAt + GRACE_MS / 2;
}

/** The bucket, or every worker, has failed for too long. The rows of earlier attempts are kept. */
function endUncollected(batch: BatchIn<'collecting'>, context: DecisionContext): Decision {
  const { counts, rows, outcome } = batch;
  const reason = shortReason('collect_failed', 'the output could not be collected in time');
  const reasons = withReason(batch, reason);
  const cost = outcome.jobId === undefined ? batch.cost : undefined;
  const changes = { reasons, cost, pastJobs: pastJobsOf(batch, { succeeded: 0 }) };
  if (batch.cancelRequested) return enterEnd(batch, context, 'cancelled', changes);
  if (!rows) return enterEnd(batch, context, 'failed', changes);
  return finish({ ...batch, rows, reasons }, context, counts, changes);
}

function afterAttempt(
  before: BatchIn<'collecting'>,
  event: EventOf<'collected'>,
  context: DecisionContext,
): Decision {
  const { counts, unread } = event;
  const { outcome, input } = before;
  const batch = { ...before, rows: event.rows, reasons: withReason(before, unread) };
  const refusal = refusalOf(batch, event);
  const attempt = refusal ? batch.attempt - 1 : batch.attempt;
  const collected: CoreChanges = {
    counts,
    failureGroups: event.failureGroups,
    // The sums over all parts include the jobs before a retry.
    usage: input.parts ? event.usage : sumUsage(batch.usage, event.usage),
    cost: input.parts ? event.cost : sumCost(batch.cost, event.cost),
    attempt: event.attempt ?? attempt,
    failures: 0,
    // The record must be valid whatever the job's output contains.
    pastJobs: pastJobsOf(batch, {
      succeeded: Math.max(0, counts.succeeded - batch.counts.succeeded),
      rowsToken: event.token,
    }),
    selection: 'unfinished',
    // The files stay if a part of them could not be read. The output of a job that was abandoned
    // while it ran is not complete.
    ...markForDeletion(
      batch,
      context,
      unread || outcome.kind === 'deadline' ? undefined : outcome.jobId,
    ),
  };
  if (batch.cancelRequested) return enterEnd(batch, context, 'cancelled', collected);
  // The parts have used their attempts: what is unfinished stays unfinished.
  if (input.parts) return finish(batch, context, counts, collected);
  const exhausted = attempt - batch.attemptBase >= context.policy.maxAttempts;
  if (counts.unfinished === 0 || exhausted || isPastDeadline(batch, context)) {
    return finish(batch, context, counts, collected);
  }
  // Somebody cancelled the job at the provider, so it is not started again.
  if (outcome.kind === 'cancelled') return enterEnd(batch, context, 'cancelled', collected);
  const tooDear = costEnd({ ...batch, counts, selection: 'unfinished', cost: collected.cost });
  if (tooDear) {
    const reasons = withReason(batch, tooDear);
    return finish({ ...batch, reasons }, context, counts, { ...collected, reasons });
  }
  const attemptsBefore = attempt - batch.attemptBase - 1;
  const wait = retryDelayMs({ failures: Math.max(0, attemptsBefore) }, context);
  return enterRetrying(
    batch,
    context,
    context.now + wait,
    {
      ...collected,
      reasons: withReason(batch, refusal?.reason),
      // The job behind the old key has ended and its output is collected.
      submission: batch.submission + 1,
    },
    ...(refusal ? [refusal] : []),
  );
}

/** The job's end was seen when the collection began. */
function pastJobsOf(
  batch: BatchIn<'collecting'>,
  collected: Pick<PastJob, 'succeeded' | 'rowsToken'>,
): PastJob[] {
  return withPastJob(batch, batch.outcome, batch.statusAt, collected);
}

/** Set if the provider did not accept the work, or its rows say that the account cannot pay. */
function refusalOf(
  { outcome }: BatchIn<'collecting'>,
  { accountRefusal }: EventOf<'collected'>,
): ProviderRefusalEffect | undefined {
  if (accountRefusal) return refusalEffect('account', accountRefusal, 'rows');
  const { refusal } = outcome;
  if (refusal !== 'quota' && refusal !== 'account') return undefined;
  const reason = outcome.reason ?? shortReason(refusal, 'the provider gave no reason');
  return refusalEffect(refusal, reason, 'job');
}

function finish(
  batch: Collected,
  context: DecisionContext,
  counts: Counts,
  collected: CoreChanges,
): Decision {
  if (counts.succeeded > 0)
    return batch.part
      ? enterCompleted(batch, context, collected)
      : enterDelivering(batch, context, collected);
  const reason = shortReason('no_success', `none of the ${counts.total} requests succeeded`);
  return enterEnd(batch, context, 'failed', { ...collected, reasons: withReason(batch, reason) });
}

/**
 * Counts the cost of the job towards the provider's budget: the estimate if the rows do not show the
 * cost. Lost if the process dies between the write of the record and this effect, never counted
 * twice.
 */
function spentEffect(
  batch: BatchIn<'collecting'>,
  { cost }: EventOf<'collected'>,
): Effect | undefined {
  if (batch.input.parts) return undefined;
  const amount = cost ?? estimatedCostOfJob(batch) ?? 0;
  return amount > 0 ? { type: 'noteSpent', amount } : undefined;
}

function withEffect(decision: Decision, effect: Effect | undefined): Decision {
  if (!effect || decision.type !== 'changed') return decision;
  return { ...decision, effects: [effect, ...decision.effects] };
}
