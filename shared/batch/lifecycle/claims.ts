import type { Outcome } from '../job.ts';
import type { WorkKind } from '../messages.ts';
import { fullJitterMs } from '../policy.ts';
import type { Batch } from '../record.ts';
import { type Decision, ignored, type Moment, stay, withReason } from './decision.ts';
import { resendAt } from './enter.ts';
import type { EventOf } from './events.ts';

/** What inspecting, submitting and collecting share: a worker's claim on the record. */

export function isClaimed(batch: Batch, { now }: Moment): boolean {
  return batch.claim !== undefined && now < batch.claim.leaseUntil;
}

/** Whether the event comes from the worker that holds the claim now. */
export function holds(batch: Batch, { token }: { token: string }): boolean {
  return batch.claim?.token === token;
}

export const SUPERSEDED = 'the claim belongs to another worker by now';

/** The ends of a batch that has no job: what it has is collected all the same. */
export const CANCELLED: Outcome = { kind: 'cancelled', files: [] };
export const AGED: Outcome = { kind: 'aged', files: [] };

/** How a batch without a job ends before its time, if it does. */
export function earlyEnd(batch: Batch, moment: Moment): Outcome | undefined {
  if (batch.cancelRequested) return CANCELLED;
  return isAged(batch, moment) ? AGED : undefined;
}

/** After the deadline, what keeps failing or will not end may go on for one more day. */
export const GRACE_MS = 24 * 60 * 60 * 1000;

/** The parts of a batch that was split have their grace first. */
export function isForsaken({ deadlineAt, parts }: Batch, { now }: Moment): boolean {
  return now >= deadlineAt + (parts ? 3 : 1) * GRACE_MS;
}

export function isAged(batch: Batch, { now }: Moment): boolean {
  return now >= batch.deadlineAt;
}

/** Work whose result may be written by any claim: a new one may follow an expired one at once. */
export function claimRepeatable(batch: Batch, event: EventOf<'claimed'>, moment: Moment): Decision {
  if (event.work !== batch.status) return ignored(`it is ${batch.status}, not ${event.work}`);
  // My own write, whose reply was lost and on which somebody has written since.
  if (holds(batch, event.claim)) return { type: 'unchanged', effects: [] };
  if (isClaimed(batch, moment)) return ignored('another worker holds it');
  return stay(batch, { claim: event.claim, dueAt: event.claim.leaseUntil });
}

export function sendAgain(batch: Batch, moment: Moment, work: WorkKind): Decision {
  return stay(
    batch,
    { claim: undefined, sends: batch.sends + 1, dueAt: resendAt(batch.sends, moment) },
    { type: 'sendWork', work },
  );
}

/** Gives the claim back and waits out a backoff. */
export function backOff(batch: Batch, event: EventOf<'workFailed'>, moment: Moment): Decision {
  if (!holds(batch, event)) return ignored(SUPERSEDED);
  return stay(batch, {
    claim: undefined,
    failures: batch.failures + 1,
    reasons: withReason(batch, event.reason),
    dueAt: moment.now + backoffMs(batch, moment),
  });
}

export function backoffMs(batch: Batch, { policy, random }: Moment): number {
  return fullJitterMs(policy.retryBackoff, batch.failures, random);
}
