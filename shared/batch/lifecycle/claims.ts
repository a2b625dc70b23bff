import { omitUndefined } from '../../omitUndefined.ts';
import { type Reason, shortReason } from '../errors.ts';
import { partDepth } from '../ids.ts';
import type { Outcome } from '../job.ts';
import type { WorkKind } from '../messages.ts';
import { fullJitterMs, maxBackoffMs } from '../policy.ts';
import type { Batch, BatchIn, Claim, Delivery } from '../record.ts';
import { type Decision, type DecisionContext, ignored, stay, withReason } from './decision.ts';
import type { Effect, EventOf, WorkStatus } from './events.ts';

/** Inspecting, submitting and collecting share this: a worker claims the record. */

/** A record in a status in which a worker claims it. */
interface Claimable {
  readonly claim?: Claim | undefined;
}

export function isClaimed({ claim }: Claimable, { now }: Pick<DecisionContext, 'now'>): boolean {
  return claim !== undefined && now < claim.leaseUntil;
}

/** Whether the event comes from the worker that holds the claim now. */
export function holdsClaim({ claim }: Claimable, { token }: { token: string }): boolean {
  return claim?.token === token;
}

export const SUPERSEDED = 'another worker has the claim now';

/** How a batch ends that has no job. A collection follows all the same: every request gets a row. */
export const CANCELLED_BATCH: Outcome = { kind: 'cancelled', files: [] };
export const EXPIRED_BATCH: Outcome = { kind: 'deadline', files: [] };

/** The outcome of a batch that must end although it has no job; undefined if it may go on. */
export function earlyEndOutcome(batch: Batch, context: DecisionContext): Outcome | undefined {
  if (batch.cancelRequested) return CANCELLED_BATCH;
  return isPastDeadline(batch, context) ? EXPIRED_BATCH : undefined;
}

/**
 * The outcome of a batch with one request that its provider has refused for quota and will never
 * take: the request alone is larger than the limit that the refusal states. Undefined if it may.
 */
export function tooLargeForQuota(
  { input }: BatchIn<'submitting' | 'running'>,
  { code, message, quota }: Reason,
): Outcome | undefined {
  if (input.requests > 1 || quota?.of !== 'tokens') return undefined;
  if (quota.limit === undefined || input.estimatedTokens <= quota.limit) return undefined;
  const text = `the request has about ${input.estimatedTokens} tokens, more than its provider ever takes of the model: ${message}`;
  return { kind: 'failed', files: [], refusal: 'permanent', reason: shortReason(code, text) };
}

/** Work that keeps failing and jobs that do not end may go on for this long after the deadline. */
export const GRACE_MS = 24 * 60 * 60 * 1000;

/** A batch that was split has two days more: its parts have their grace period first. */
export function isPastGracePeriod(
  { deadlineAt, input, batchId }: BatchIn<'submitting' | 'running' | 'collecting'>,
  { now }: DecisionContext,
): boolean {
  return now >= deadlineAt + (input.parts ? 1 + 2 * patienceOf(batchId) : 1) * GRACE_MS;
}

/** When a batch that was split no longer waits for its parts. */
export function partsLostAt({ deadlineAt, batchId }: BatchIn<'split'>): number {
  return deadlineAt + (1 + patienceOf(batchId)) * GRACE_MS;
}

/**
 * Days that a batch waits for its parts after their grace period, and as long again for their
 * collection: one, and for a part that was split less than half of its parent's, which waits for it.
 */
function patienceOf(batchId: string): number {
  return 0.4 ** partDepth(batchId);
}

export function isPastDeadline(batch: Batch, { now }: DecisionContext): boolean {
  return now >= batch.deadlineAt;
}

/** Claims work that may be repeated: a new claim may follow an expired one at once. */
export function claimRepeatable(
  batch: BatchIn<'inspecting' | 'collecting'>,
  event: EventOf<'claimed'>,
  context: DecisionContext,
): Decision {
  if (event.work !== batch.status) return ignored(`it is ${batch.status}, not ${event.work}`);
  // This claim was written, its reply was lost, and the record has been written again since.
  if (holdsClaim(batch, event.claim)) return { type: 'unchanged', effects: [] };
  if (isClaimed(batch, context)) return ignored('another worker has claimed it');
  return stay(batch, { claim: event.claim, dueAt: event.claim.leaseUntil });
}

export function resendWork(
  batch: BatchIn<WorkStatus>,
  context: DecisionContext,
  work: WorkKind,
): Decision {
  return stay(
    batch,
    { claim: undefined, sends: batch.sends + 1, dueAt: resendAt(batch.sends, context) },
    { type: 'sendWork', work },
  );
}

/** Releases the claim. The work is sent again after a backoff. */
export function releaseClaim(
  batch: BatchIn<'inspecting' | 'collecting'>,
  event: EventOf<'workFailed'>,
  context: DecisionContext,
): Decision {
  if (!holdsClaim(batch, event)) return ignored(SUPERSEDED);
  return stay(batch, {
    claim: undefined,
    failures: batch.failures + 1,
    reasons: withReason(batch, event.reason),
    dueAt: context.now + retryDelayMs(batch, context),
  });
}

export function retryDelayMs(
  { failures }: Pick<Batch, 'failures'>,
  { policy, random }: DecisionContext,
): number {
  return fullJitterMs(policy.retryBackoff, failures, random);
}

// A message or an invocation may be lost: when it counts as lost, and what is sent again.

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
  { number, attempt, invocations, startedAt }: Delivery,
  { policy, now }: DecisionContext,
): Pick<BatchIn<'delivering'>, 'delivery' | 'dueAt'> {
  const outcomeSeconds =
    policy.invocationAgeSeconds + policy.processorTimeoutSeconds + policy.leaseMarginSeconds;
  return {
    delivery: omitUndefined({
      ...{ number, attempt: attempt + 1, invocations: invocations + 1, pending: true },
      startedAt: attempt === 0 ? now : startedAt,
    }),
    dueAt: now + outcomeSeconds * 1000,
  };
}
