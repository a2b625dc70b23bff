import type { Batch, BatchIn } from '../record.ts';
import type { EndStatus } from '../status.ts';
import { GRACE_MS, resendAt } from './claims.ts';
import { type Decision, type DecisionContext, ignored, stay } from './decision.ts';

/**
 * The copies of the input are removed before the rows: they are as large, and needed only to run the
 * batch or its processor again. The record says first that the input has expired, after which nothing
 * leads back to a status that needs it; then the objects are removed, until that has succeeded.
 */

/**
 * When the input of an ended batch is to be removed. Undefined for a part, which shares the input of its
 * batch, and if the input is kept for as long as the rows are.
 */
export function inputExpiresAt(
  {
    part,
    endedAt,
    inputExpiredAt,
  }: Pick<BatchIn<EndStatus>, 'part' | 'endedAt' | 'inputExpiredAt'>,
  { policy }: Pick<DecisionContext, 'policy'>,
): number | undefined {
  if (part || policy.inputRetentionSeconds >= policy.retentionSeconds) return undefined;
  return inputExpiredAt ?? endedAt + policy.inputRetentionSeconds * 1000;
}

/** Says that the input has expired, and has it removed. Repeats the removal with a backoff, for a day. */
export function expireInput(batch: BatchIn<EndStatus>, context: DecisionContext): Decision {
  const { now } = context;
  const { inputExpiredAt = now, sends } = batch;
  const expiresAt = inputExpiresAt(batch, context);
  // The policy may have changed since the batch ended.
  if (expiresAt === undefined || expiresAt > now)
    return stay(batch, { dueAt: expiresAt, sends: 0 });
  if (now >= Math.max(inputExpiredAt, batch.statusAt) + GRACE_MS)
    return stay(batch, { dueAt: undefined }, { type: 'reportInputLeft' });
  const changes = { inputExpiredAt, sends: sends + 1, dueAt: resendAt(sends, context) };
  return stay(batch, changes, { type: 'removeInput' });
}

/** The copies of the input are removed: nothing is left to do for the batch. */
export function recordRemovedInput(batch: BatchIn<EndStatus>): Decision {
  const isPending = batch.inputExpiredAt !== undefined && batch.dueAt !== undefined;
  // A delivery that had counted as lost may have ended the batch again, with an event to send.
  if (!isPending || !batch.endEventSent) return ignored('no removal of its input is pending');
  return stay(batch, { dueAt: undefined });
}

/** Why a batch cannot run again, nor be delivered again; undefined as long as its input is there. */
export function whyInputIsGone({
  inputExpiredAt,
}: Pick<Batch, 'inputExpiredAt'>): string | undefined {
  if (inputExpiredAt === undefined) return undefined;
  const at = new Date(inputExpiredAt).toISOString();
  return `its input was removed at ${at}, when it had been over for the time that inputs are kept (inputRetention): add it again under a new batchId`;
}
