import type { Outcome } from '../job.ts';
import {
  backoffMs,
  CANCELLED,
  earlyEnd,
  holds,
  isClaimed,
  SUPERSEDED,
  sendAgain,
} from './claims.ts';
import { type Handlers, ignored, type Moment, stay, withReason } from './decision.ts';
import {
  enterCollecting,
  enterQueued,
  enterRetrying,
  enterRunning,
  oweCollecting,
  resendAt,
} from './enter.ts';
import { cleanedUp, mayHaveUploaded } from './providerFiles.ts';

/**
 * To be uploaded and created at the provider. The only status in which a job may exist that the
 * record does not name: once a claim was made, no other follows it before the provider's listing
 * has told, after the lease, whether there is a job under the key.
 */
export const submitting: Handlers = {
  due(batch, _event, moment) {
    if (batch.claim) return ignored('its claim must be reconciled with the provider first');
    const end = earlyEnd(batch, moment);
    return end ? enterCollecting(batch, moment, end) : sendAgain(batch, moment, 'submit');
  },

  claimed(batch, event, moment) {
    if (event.work !== 'submitting') return ignored(`it is submitting, not ${event.work}`);
    if (holds(batch, event.claim)) return { type: 'unchanged', effects: [] };
    if (batch.claim) return ignored('an earlier claim must be reconciled first');
    return stay(batch, {
      claim: event.claim,
      intentAt: moment.now,
      dueAt: event.claim.leaseUntil,
    });
  },

  workFailed(batch, event, moment) {
    if (!holds(batch, event)) return ignored(SUPERSEDED);
    const end = earlyEnd(batch, moment);
    const uploaded = mayHaveUploaded(batch, moment);
    if (end) return oweCollecting(batch, moment, end, uploaded);
    return enterRetrying(batch, moment, moment.now + backoffMs(batch, moment), {
      ...uploaded,
      failures: batch.failures + 1,
      reasons: withReason(batch, event.reason),
    });
  },

  // Whoever brings it: a job under this key is a fact, and naming it prevents a second one.
  submitted(batch, { job }, moment) {
    if (job.submission !== batch.submission)
      return ignored('the job belongs to another submission');
    return batch.cancelRequested
      ? enterRunning(batch, moment, job, { type: 'cancelJob', jobId: job.id })
      : enterRunning(batch, moment, job, { type: 'releaseProvider' });
  },

  submitRefused(batch, event, moment) {
    if (!holds(batch, event)) return ignored(SUPERSEDED);
    const { refusal, reason } = event;
    const uploaded = mayHaveUploaded(batch, moment);
    if (refusal === 'permanent') {
      const outcome: Outcome = { kind: 'failed', files: [], refusal, reason };
      return oweCollecting(batch, moment, outcome, uploaded);
    }
    const end = earlyEnd(batch, moment);
    if (end) return oweCollecting(batch, moment, end, uploaded);
    return enterQueued(
      batch,
      moment,
      { ...uploaded, reasons: withReason(batch, reason) },
      { type: 'holdProvider', kind: refusal, reason },
    );
  },

  // The worker vouches that it sends nothing more, so the lease need only outlast the late landing
  // of what it has sent.
  submitUncertain(batch, event, moment) {
    if (!holds(batch, event) || !batch.claim) return ignored(SUPERSEDED);
    const leaseUntil = Math.min(batch.claim.leaseUntil, lateLandingUntil(moment));
    return stay(batch, {
      claim: { token: event.token, leaseUntil },
      dueAt: leaseUntil,
      reasons: withReason(batch, event.reason),
      ...mayHaveUploaded(batch, moment),
    });
  },

  jobAbsent(batch, event, moment) {
    if (!holds(batch, event)) return ignored(SUPERSEDED);
    if (isClaimed(batch, moment)) return ignored('its claim has not expired');
    const end = earlyEnd(batch, moment);
    const uploaded = mayHaveUploaded(batch, moment);
    if (end) return enterCollecting(batch, moment, end, uploaded);
    return stay(
      batch,
      {
        ...uploaded,
        claim: undefined,
        intentAt: undefined,
        sends: batch.sends + 1,
        dueAt: resendAt(batch.sends, moment),
      },
      { type: 'sendWork', work: 'submit' },
    );
  },

  cleanedUp,

  cancelRequested(batch, _event, moment) {
    return batch.claim
      ? stay(batch, { cancelRequested: true })
      : enterCollecting(batch, moment, CANCELLED, { cancelRequested: true });
  },
};

function lateLandingUntil({ policy, now }: Moment): number {
  return now + (policy.createDeadlineSeconds + policy.leaseMarginSeconds) * 1000;
}
