import type { Batch, Counts } from '../batch.ts';
import type { EventOf } from '../events.ts';
import type { Usage } from '../job.ts';
import { shortReason } from '../reason.ts';
import { cleanedUp, dispensable } from './cleanUp.ts';
import { type Changes, type Decision, ignored, type Moment, stay, withReason } from './decision.ts';
import { enterDelivering, enterEnd, enterRetrying } from './enter.ts';
import type { Handlers } from './handlers.ts';
import {
  backOff,
  backoffMs,
  claimRepeatable,
  holds,
  isAged,
  isClaimed,
  isForsaken,
  SUPERSEDED,
  sendAgain,
} from './work.ts';

/** A worker merges what the job wrote into the batch's rows. */
export const collecting: Handlers = {
  due(batch, _event, moment) {
    if (isClaimed(batch, moment)) return ignored('a worker is at it');
    if (!isForsaken(batch, moment)) return sendAgain(batch, moment, 'collect');
    const reason = shortReason('collect_failed', 'the output could not be collected in time');
    return enterEnd(batch, moment, 'failed', { reasons: withReason(batch, reason) });
  },

  claimed: claimRepeatable,
  workFailed: backOff,

  collected(batch, event, moment) {
    return holds(batch, event) ? afterAttempt(batch, event, moment) : ignored(SUPERSEDED);
  },

  cleanedUp,

  cancelRequested(batch) {
    return stay(batch, { cancelRequested: true });
  },
};

function afterAttempt(batch: Batch, event: EventOf<'collected'>, moment: Moment): Decision {
  const { counts } = event;
  const { outcome } = batch;
  const notTaken = outcome?.refusal === 'quota' || outcome?.refusal === 'account';
  const attempt = notTaken ? batch.attempt - 1 : batch.attempt;
  const collected: Changes = {
    rows: event.rows,
    counts,
    usage: sum(batch.usage, event.usage),
    attempt,
    failures: 0,
    selection: 'unfinished',
    // A job that was let go of unended is not read to its end: what it wrote is nowhere else.
    ...dispensable(batch, moment, outcome?.kind === 'aged' ? undefined : outcome?.jobId),
  };
  if (batch.cancelRequested) return enterEnd(batch, moment, 'cancelled', collected);
  const exhausted = attempt - batch.attemptBase >= moment.policy.maxAttempts;
  if (counts.unfinished === 0 || exhausted || isAged(batch, moment)) {
    return finish(batch, moment, counts, collected);
  }
  // Somebody cancelled the job at the provider: not ours to start again.
  if (outcome?.kind === 'cancelled') return enterEnd(batch, moment, 'cancelled', collected);
  const attemptsBefore = attempt - batch.attemptBase - 1;
  const wait = backoffMs({ ...batch, failures: Math.max(0, attemptsBefore) }, moment);
  return enterRetrying(batch, moment, moment.now + wait, {
    ...collected,
    // What it abandons is known dead: the job has ended and its output is in.
    submission: batch.submission + 1,
    job: undefined,
  });
}

function finish(batch: Batch, moment: Moment, counts: Counts, collected: Changes): Decision {
  if (counts.succeeded > 0) return enterDelivering(batch, moment, collected);
  const reason = shortReason('no_success', `none of the ${counts.total} requests succeeded`);
  return enterEnd(batch, moment, 'failed', { ...collected, reasons: withReason(batch, reason) });
}

function sum(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    totalTokens: a.totalTokens + b.totalTokens,
  };
}
