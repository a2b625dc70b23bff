import { shortReason } from '../errors.ts';
import { submissionKey } from '../ids.ts';
import type { Outcome } from '../job.ts';
import { countsOfNew, UNCONFIRMED_JOB_CODE } from '../ledger.ts';
import type { BatchIn, Claim } from '../record.ts';
import {
  CANCELLED_BATCH,
  earlyEndOutcome,
  GRACE_MS,
  holdsClaim,
  isClaimed,
  isPastGracePeriod,
  resendAt,
  resendWork,
  retryDelayMs,
  SUPERSEDED,
  tooLargeForQuota,
} from './claims.ts';
import { type DecisionContext, type Handlers, ignored, stay, withReason } from './decision.ts';
import {
  enterCollecting,
  enterPendingCollecting,
  enterQueued,
  enterRetrying,
  enterRunning,
  enterSplit,
} from './enter.ts';
import { refusalEffect } from './events.ts';
import { mayHaveUploaded, recordDeletedFiles } from './providerFiles.ts';

/**
 * A worker uploads the requests and creates the job. This is the only status in which a job may exist
 * that the record does not name. After a claim, no other claim follows until a listing of the
 * provider, taken after the lease, has shown whether there is a job under the key.
 */
export const submitting: Handlers<'submitting'> = {
  due(batch, _event, context) {
    if (batch.claim) return ignored('its claim must be reconciled with the provider first');
    const end = earlyEndOutcome(batch, context);
    return end ? enterCollecting(batch, context, end) : resendWork(batch, context, 'submit');
  },

  claimed(batch, event, context) {
    if (event.work !== 'submitting') return ignored(`it is submitting, not ${event.work}`);
    if (holdsClaim(batch, event.claim)) return { type: 'unchanged', effects: [] };
    if (batch.claim) return ignored('an earlier claim must be reconciled first');
    return stay(batch, {
      claim: { ...event.claim, intentAt: context.now },
      dueAt: event.claim.leaseUntil,
    });
  },

  workFailed(batch, event, context) {
    if (!holdsClaim(batch, event)) return ignored(SUPERSEDED);
    const end = earlyEndOutcome(batch, context);
    const uploaded = mayHaveUploaded(batch, context);
    if (end) return enterPendingCollecting(batch, context, end, uploaded);
    return enterRetrying(batch, context, context.now + retryDelayMs(batch, context), {
      ...uploaded,
      failures: batch.failures + 1,
      reasons: withReason(batch, event.reason),
    });
  },

  // Valid from any source: a job under this key exists, and recording it prevents a second one.
  submitted(batch, { job }, context) {
    if (job.submission !== batch.submission)
      return ignored('the job belongs to another submission');
    return batch.cancelRequested
      ? enterRunning(batch, context, job, { type: 'cancelJob', jobId: job.id })
      : enterRunning(batch, context, job);
  },

  submitRefused(batch, event, context) {
    if (!holdsClaim(batch, event)) return ignored(SUPERSEDED);
    const { refusal, reason } = event;
    const uploaded = mayHaveUploaded(batch, context);
    if (refusal === 'permanent') {
      const outcome: Outcome = { kind: 'failed', files: [], refusal, reason };
      return enterPendingCollecting(batch, context, outcome, uploaded);
    }
    const end = earlyEndOutcome(batch, context) ?? tooLargeForQuota(batch, reason);
    if (end) return enterPendingCollecting(batch, context, end, uploaded);
    return enterQueued(
      batch,
      context,
      { ...uploaded, reasons: withReason(batch, reason) },
      refusalEffect(refusal, reason, event.seenIn),
    );
  },

  sliced(batch, { token, parts, reason }, context) {
    if (!holdsClaim(batch, { token })) return ignored(SUPERSEDED);
    const end = earlyEndOutcome(batch, context);
    if (end) return enterPendingCollecting(batch, context, end);
    const input = { ...batch.input, parts: [...parts] };
    return enterSplit({ ...batch, input }, context, {
      // As for a batch that was split when it was inspected: none of its requests ran.
      counts: countsOfNew(input.requests),
      failureGroups: undefined,
      failures: 0,
      reasons: withReason(batch, reason),
    });
  },

  // The worker sends nothing more, so the lease only has to outlast the late arrival of the create
  // call that it has sent.
  submitUncertain(batch, event, context) {
    if (!holdsClaim(batch, event) || !batch.claim) return ignored(SUPERSEDED);
    const leaseUntil = Math.min(batch.claim.leaseUntil, lastArrivalAt(context));
    return stay(batch, {
      claim: { ...batch.claim, leaseUntil },
      dueAt: leaseUntil,
      reasons: withReason(batch, event.reason),
      ...mayHaveUploaded(batch, context),
    });
  },

  jobAbsent(batch, event, context) {
    if (!holdsClaim(batch, event)) return ignored(SUPERSEDED);
    if (isClaimed(batch, context)) return ignored('its claim has not expired');
    const end = earlyEndOutcome(batch, context);
    const uploaded = mayHaveUploaded(batch, context);
    if (end) return enterCollecting(batch, context, end, uploaded);
    return stay(
      batch,
      {
        ...uploaded,
        claim: undefined,
        sends: batch.sends + 1,
        dueAt: resendAt(batch.sends, context),
      },
      { type: 'sendWork', work: 'submit' },
    );
  },

  // Submitting again could pay twice: the job is looked for with a growing backoff, and in the end
  // the batch only says that a job may exist.
  jobUnconfirmed(batch, event, context) {
    if (!holdsClaim(batch, event) || !batch.claim) return ignored(SUPERSEDED);
    if (isClaimed(batch, context)) return ignored('its claim has not expired');
    if (!mustGiveUpSearch(batch, batch.claim, context))
      return event.isContinued
        ? ignored('the listing goes on')
        : stay(batch, { sends: batch.sends + 1, dueAt: resendAt(batch.sends, context) });
    const message = `a create call was sent under the key ${submissionKey(batch)} and its answer lost; since then no listing has shown whether there is a job (${event.why}). One may exist and be charged for: look for the key at the provider`;
    const reason = shortReason(UNCONFIRMED_JOB_CODE, message);
    const kind = batch.cancelRequested ? 'cancelled' : 'deadline';
    const uploaded = mayHaveUploaded(batch, context);
    return enterCollecting(batch, context, { kind, files: [], reason }, uploaded);
  },

  filesDeleted: recordDeletedFiles,

  cancelRequested(batch, _event, context) {
    return batch.claim
      ? stay(batch, { cancelRequested: true, dueAt: Math.max(context.now, batch.claim.leaseUntil) })
      : enterCollecting(batch, context, CANCELLED_BATCH, { cancelRequested: true });
  },
};

/** A job that shows its key only once it has ended takes up to a day: longer than that, with a margin. */
const SEARCH_MS = 2 * GRACE_MS;

/**
 * Whether the search for a job that may exist is given up: a day after the batch had to end, or, if a
 * user has cancelled it, two days after the create call.
 */
function mustGiveUpSearch(
  batch: BatchIn<'submitting'>,
  claim: Claim,
  context: DecisionContext,
): boolean {
  const isLate = context.now >= claim.leaseUntil + SEARCH_MS;
  return (batch.cancelRequested && isLate) || isPastGracePeriod(batch, context);
}

function lastArrivalAt({ policy, now }: DecisionContext): number {
  return now + (policy.createDeadlineSeconds + policy.leaseMarginSeconds) * 1000;
}
