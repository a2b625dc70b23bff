import { costEnd, estimatedCostOfJob, sumCost } from '../cost.ts';
import { shortReason } from '../errors.ts';
import { sumUsage } from '../job.ts';
import { type Batch, type Counts, withPastJob } from '../record.ts';
import {
  claimRepeatable,
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
  type Changes,
  type Decision,
  type DecisionContext,
  type Handlers,
  ignored,
  stay,
  withReason,
} from './decision.ts';
import { enterDelivering, enterEnd, enterRetrying } from './enter.ts';
import type { Effect, EventOf } from './events.ts';
import { markForDeletion, recordDeletedFiles } from './providerFiles.ts';

/** A worker merges what the job wrote into the batch's rows. */
export const collecting: Handlers = {
  due(batch, _event, context) {
    if (isClaimed(batch, context)) return ignored('a worker is at it');
    if (!isPastGracePeriod(batch, context)) return resendWork(batch, context, 'collect');
    const reason = shortReason('collect_failed', 'the output could not be collected in time');
    const reasons = withReason(batch, reason);
    return enterEnd(batch, context, 'failed', { reasons, ...jobIsPast(batch, 0) });
  },

  claimed: claimRepeatable,
  workFailed: releaseClaim,

  collected(batch, event, context) {
    return holdsClaim(batch, event)
      ? withEffect(afterAttempt(batch, event, context), spent(batch, event))
      : ignored(SUPERSEDED);
  },

  cleanedUp: recordDeletedFiles,

  cancelRequested(batch) {
    return stay(batch, { cancelRequested: true });
  },
};

function afterAttempt(
  batch: Batch,
  event: EventOf<'collected'>,
  context: DecisionContext,
): Decision {
  const { counts } = event;
  const { outcome } = batch;
  const hold = holdOf(batch, event);
  const attempt = hold ? batch.attempt - 1 : batch.attempt;
  const collected: Changes = {
    rows: event.rows,
    counts,
    // What the parts tell is of all that they ever ran.
    usage: batch.parts ? event.usage : sumUsage(batch.usage, event.usage),
    cost: batch.parts ? event.cost : sumCost(batch.cost, event.cost),
    attempt: event.attempt ?? attempt,
    failures: 0,
    // A record must be valid whatever a file says.
    ...jobIsPast(batch, Math.max(0, counts.succeeded - batch.counts.succeeded)),
    selection: 'unfinished',
    // A job that was let go of unended is not read to its end: what it wrote is nowhere else.
    ...markForDeletion(batch, context, outcome?.kind === 'aged' ? undefined : outcome?.jobId),
  };
  if (batch.cancelRequested) return enterEnd(batch, context, 'cancelled', collected);
  // Its parts have had their attempts: what is unfinished stays so.
  if (batch.parts) return finish(batch, context, counts, collected);
  const exhausted = attempt - batch.attemptBase >= context.policy.maxAttempts;
  if (counts.unfinished === 0 || exhausted || isPastDeadline(batch, context)) {
    return finish(batch, context, counts, collected);
  }
  // Somebody cancelled the job at the provider: not ours to start again.
  if (outcome?.kind === 'cancelled') return enterEnd(batch, context, 'cancelled', collected);
  const tooDear = costEnd({ ...batch, counts, selection: 'unfinished', cost: collected.cost });
  if (tooDear) {
    const reasons = withReason(batch, tooDear);
    return finish({ ...batch, reasons }, context, counts, { ...collected, reasons });
  }
  const attemptsBefore = attempt - batch.attemptBase - 1;
  const wait = retryDelayMs({ ...batch, failures: Math.max(0, attemptsBefore) }, context);
  return enterRetrying(
    batch,
    context,
    context.now + wait,
    {
      ...collected,
      ...(hold ? { reasons: withReason(batch, hold.reason) } : {}),
      // What it abandons is known dead: the job has ended and its output is in.
      submission: batch.submission + 1,
      job: undefined,
    },
    ...(hold ? [hold] : []),
  );
}

/** Its end was seen when the collection began. */
function jobIsPast(batch: Batch, succeeded: number): Pick<Changes, 'pastJobs'> {
  const { outcome, statusAt } = batch;
  return outcome ? { pastJobs: withPastJob(batch, outcome, statusAt, succeeded) } : {};
}

/** Of a provider that did not take the work on, or whose rows say that the account cannot pay. */
function holdOf({ outcome }: Batch, { accountRefusal }: EventOf<'collected'>) {
  if (accountRefusal)
    return { type: 'holdProvider', kind: 'account', reason: accountRefusal } as const;
  if (outcome?.refusal !== 'quota' && outcome?.refusal !== 'account') return undefined;
  const { refusal: kind } = outcome;
  const reason = outcome.reason ?? shortReason(kind, 'the provider gave no reason');
  return { type: 'holdProvider', kind, reason } as const;
}

function finish(
  batch: Batch,
  context: DecisionContext,
  counts: Counts,
  collected: Changes,
): Decision {
  if (counts.succeeded > 0)
    return batch.parent === undefined
      ? enterDelivering(batch, context, collected)
      : enterEnd(batch, context, 'completed', collected);
  const reason = shortReason('no_success', `none of the ${counts.total} requests succeeded`);
  return enterEnd(batch, context, 'failed', { ...collected, reasons: withReason(batch, reason) });
}

/**
 * What counts towards the provider's budget: an estimate for a job whose rows do not tell. Lost if
 * the process dies between the record's write and this; never counted twice.
 */
function spent(batch: Batch, { cost }: EventOf<'collected'>): Effect | undefined {
  if (batch.parts) return undefined;
  const amount = cost ?? estimatedCostOfJob(batch) ?? 0;
  return amount > 0 ? { type: 'noteSpent', amount } : undefined;
}

function withEffect(decision: Decision, effect: Effect | undefined): Decision {
  if (!effect || decision.type !== 'changed') return decision;
  return { ...decision, effects: [effect, ...decision.effects] };
}
