import { ceilingMs } from '../backoff.ts';
import type { Batch } from '../batch.ts';
import type { Effect } from '../effects.ts';
import type { Moment } from './decision.ts';

/** What is sent may be lost: when it is sent again, and with what. */

/** When work that was sent and not claimed is sent again. */
export function resendAt(sends: number, { policy, now }: Moment): number {
  return now + ceilingMs(policy.resendBackoff, sends);
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
  moment: Moment,
): { dueAt: number; effects: readonly Effect[] } {
  const { policy, now } = moment;
  const waitMs = Math.max(0, (batch.resumeAt ?? now) - now);
  const maxDelayMs = policy.maxDelaySeconds * 1000;
  if (waitMs > maxDelayMs) return { dueAt: now + waitMs - maxDelayMs, effects: [] };
  const graceMs = ceilingMs(policy.resendBackoff, batch.sends);
  return {
    dueAt: now + waitMs + graceMs,
    effects: [{ type: 'sendRequeue', delaySeconds: waitMs / 1000, version: batch.version }],
  };
}

/** The next invocation of the present delivery, and when its outcome counts as lost. */
export function invocation(
  { delivery }: Pick<Batch, 'delivery'>,
  { policy, now }: Moment,
): Pick<Batch, 'delivery' | 'dueAt'> {
  const { number, attempt, invocations } = delivery ?? { number: 1, attempt: 0, invocations: 0 };
  const outcomeSeconds =
    policy.invocationAgeSeconds + policy.processorTimeoutSeconds + policy.leaseMarginSeconds;
  return {
    delivery: { number, attempt: attempt + 1, invocations: invocations + 1, pending: true },
    dueAt: now + outcomeSeconds * 1000,
  };
}
