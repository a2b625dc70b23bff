import { shortReason } from '../errors.ts';
import type { Job, JobState, Outcome } from '../job.ts';
import type { BatchIn } from '../record.ts';
import {
  EXPIRED_BATCH,
  earlyEndOutcome,
  GRACE_MS,
  isPastGracePeriod,
  tooLargeForQuota,
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
import { enterCollecting, enterQueued } from './enter.ts';
import { refusalEffect } from './events.ts';
import { lookAt } from './jobProgress.ts';
import { markForDeletion, recordDeletedFiles } from './providerFiles.ts';

/** The provider runs the job. The status ends when the provider reports the job's end. */
export const running: Handlers<'running'> = {
  jobChecked(batch, { jobId, job: seen, timing = {} }, context) {
    const { job } = batch;
    if (jobId !== job.id) return ignored('the record names another job');
    if (seen.state === 'ended') return jobEnded(batch, jobId, seen.outcome, context);
    // Neither an unknown status nor "no such job" proves that the job does not run. It is abandoned
    // only if it has not ended a day after everything that should have ended it.
    if (mustAbandon(batch, context)) return abandon(batch, seen, context);
    const cancelJob = { type: 'cancelJob', jobId } as const;
    if (job.stalledAt !== undefined || earlyEndOutcome(batch, context)) {
      return isCancelDue(job, context)
        ? { type: 'unchanged', effects: [cancelJob] }
        : ignored('the provider has taken the cancel of its job');
    }
    const { noted, stall } = lookAt(job, seen, timing, context);
    if (stall !== undefined) {
      const reasons = withReason(batch, shortReason('job_stalled', stall));
      const stalled = { job: { ...noted, stalledAt: context.now }, reasons };
      return stay(batch, stalled, { type: 'reportStall' }, cancelJob);
    }
    return noted === job ? ignored('its job may still run') : stay(batch, { job: noted });
  },

  // A cancel that was not taken is not recorded: the next check sends it again.
  cancelSent(batch, { jobId }, { now }) {
    const { job } = batch;
    if (jobId !== job.id) return ignored('the record names another job');
    return stay(batch, { job: { ...job, cancelledAt: job.cancelledAt ?? now, cancelSentAt: now } });
  },

  filesDeleted: recordDeletedFiles,

  // The next sweep cancels the job: the intake has no credentials of providers.
  cancelRequested(batch, _event, context) {
    return stay(batch, { cancelRequested: true, dueAt: context.now });
  },
};

/** Ends a batch whose job does not end, with what it has. Its output, if there is any, stays unread. */
function abandon(
  batch: BatchIn<'running'>,
  seen: Exclude<JobState, { state: 'ended' }>,
  context: DecisionContext,
): Decision {
  const { id: jobId } = batch.job;
  const word = { running: 'running', missing: 'not found', unknown: 'unknown' }[seen.state];
  const last = seen.state === 'unknown' ? `${word} (${seen.status})` : word;
  const message = `job ${jobId} had not ended a day after the batch had to end, so it was abandoned; its last state was: ${last}. It may still run at the provider`;
  const reason = shortReason('job_abandoned', message);
  return enterCollecting(batch, context, { ...EXPIRED_BATCH, jobId, reason });
}

/** A job may take minutes to end after its cancel. Only one that does not is cancelled again. */
const CANCEL_AGAIN_MS = 60 * 60 * 1000;

function isCancelDue({ cancelSentAt }: Job, { now }: DecisionContext): boolean {
  return cancelSentAt === undefined || now >= cancelSentAt + CANCEL_AGAIN_MS;
}

/**
 * Whether the batch ends without the end of its job. A job that is only stalled is waited for until
 * the deadline, since the rest would run beside it.
 */
function mustAbandon(batch: BatchIn<'running'>, context: DecisionContext): boolean {
  const { job, cancelRequested } = batch;
  const { cancelledAt = Number.POSITIVE_INFINITY } = job;
  const isLate = cancelRequested && context.now >= cancelledAt + GRACE_MS;
  return isLate || isPastGracePeriod(batch, context);
}

function jobEnded(
  batch: BatchIn<'running'>,
  jobId: string,
  outcome: Outcome,
  context: DecisionContext,
): Decision {
  const { refusal } = outcome;
  const hasOutput = outcome.files.length > 0 || (outcome.answered ?? 0) > 0;
  const nothingTaken = (refusal === 'quota' || refusal === 'account') && !hasOutput;
  if (!nothingTaken || earlyEndOutcome(batch, context)) {
    return enterCollecting(batch, context, treatStallAsExpiry(batch, outcome));
  }
  const reason = outcome.reason ?? shortReason(refusal, 'the provider gave no reason');
  const tooLarge = tooLargeForQuota(batch, reason);
  if (tooLarge) return enterCollecting(batch, context, { ...tooLarge, jobId });
  return enterQueued(
    batch,
    context,
    {
      // The job has ended without any work: the next one has a new key, and no attempt is used.
      submission: batch.submission + 1,
      attempt: batch.attempt - 1,
      // Once accepted, a job can only be refused for something new.
      queuedSince: batch.job.acceptedAt === undefined ? batch.queuedSince : undefined,
      pastJobs: withPastJob(batch, outcome, context.now, { succeeded: 0 }),
      reasons: withReason(batch, reason),
      ...markForDeletion(batch, context, jobId),
    },
    refusalEffect(refusal, reason, 'job'),
  );
}

/** The handler cancels a stalled job to run the rest again, which must not end the batch. */
function treatStallAsExpiry({ job }: BatchIn<'running'>, outcome: Outcome): Outcome {
  const isOurs = outcome.kind === 'cancelled' && job.stalledAt !== undefined;
  return isOurs ? { ...outcome, kind: 'expired' } : outcome;
}
