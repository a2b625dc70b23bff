import { maxBackoffMs } from '../policy.ts';
import type { BatchIn, Delivery } from '../record.ts';
import type { DecisionContext } from './decision.ts';
import type { Effect } from './events.ts';

/** Messages and invocations may be lost: when they count as lost, and what is sent again. */

/** When work is sent again if no worker claims it. */
export function resendAt(sends: number, { policy, now }: DecisionContext): number {
  return now + maxBackoffMs(policy.resendBackoff, sends);
}

/**
 * Plans the end of a wait in `retrying`. SQS delays a message for 15 minutes at most: a longer wait
 * stays in the record until 15 minutes are left. After the message was sent, the batch is due again
 * only when the message must count as lost.
 *
 * @param wait `version` is that of the record as it will be written: the message is valid for it only
 */
export function requeue(
  wait: Pick<BatchIn<'retrying'>, 'resumeAt' | 'sends' | 'version'>,
  { policy, now }: DecisionContext,
): { dueAt: number; effects: readonly Effect[] } {
  const { resumeAt, sends, version } = wait;
  const waitMs = Math.max(0, resumeAt - now);
  const maxDelayMs = policy.maxDelaySeconds * 1000;
  if (waitMs > maxDelayMs) return { dueAt: now + waitMs - maxDelayMs, effects: [] };
  const graceMs = maxBackoffMs(policy.resendBackoff, sends);
  return {
    dueAt: now + waitMs + graceMs,
    effects: [{ type: 'sendRequeue', delaySeconds: waitMs / 1000, version }],
  };
}

/** The next invocation of a delivery, and the time at which its outcome counts as lost. */
export function invocation(
  { number, attempt, invocations }: Delivery,
  { policy, now }: DecisionContext,
): Pick<BatchIn<'delivering'>, 'delivery' | 'dueAt'> {
  const outcomeSeconds =
    policy.invocationAgeSeconds + policy.processorTimeoutSeconds + policy.leaseMarginSeconds;
  return {
    delivery: { number, attempt: attempt + 1, invocations: invocations + 1, pending: true },
    dueAt: now + outcomeSeconds * 1000,
  };
}
