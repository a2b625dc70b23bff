import type { Batch } from '../record.ts';
import { GRACE_MS } from './claims.ts';
import { type Changes, type Decision, type DecisionContext, ignored, stay } from './decision.ts';
import { resendAt } from './enter.ts';
import type { EventOf } from './events.ts';

/**
 * What jobs leave in the provider's file store. The record names a job for it in the very write
 * that makes its files dispensable, never earlier; entering a status with a job newly named sets
 * the deletion going, and what that missed is owed once the batch has ended.
 */

/** Names a job, if there is one, whose files nothing needs from this write on. */
export function markForDeletion(
  batch: Batch,
  { policy }: DecisionContext,
  jobId: string | undefined,
): Pick<Changes, 'cleanUp'> {
  if (!policy.cleanUpFiles || jobId === undefined) return {};
  return { cleanUp: [...batch.cleanUp, jobId] };
}

/** A claim to submit that ends without a job may have uploaded a file all the same. */
export function mayHaveUploaded(
  batch: Batch,
  { policy }: DecisionContext,
): Pick<Changes, 'leftovers'> {
  return policy.cleanUpFiles ? { leftovers: batch.submission } : {};
}

export function hasPendingCleanup({
  cleanUp,
  leftovers,
}: Pick<Batch, 'cleanUp' | 'leftovers'>): boolean {
  return cleanUp.length > 0 || leftovers !== undefined;
}

/**
 * Again, after a backoff. It is given up a day after everything else is over: providers delete old
 * files by themselves, and no ended batch is due for ever.
 */
export function resendCleanup(batch: Batch, context: DecisionContext): Decision {
  const { policy, now } = context;
  const isOver = now >= Math.max(batch.deadlineAt, batch.statusAt) + GRACE_MS;
  if (policy.cleanUpFiles && !isOver) {
    const { sends } = batch;
    const changes = { sends: sends + 1, dueAt: resendAt(sends, context) };
    return stay(batch, changes, { type: 'cleanUp' });
  }
  const nothing = { cleanUp: [], leftovers: undefined, dueAt: undefined };
  if (!policy.cleanUpFiles) return stay(batch, nothing);
  return stay(batch, nothing, { type: 'reportFilesLeft', jobIds: batch.cleanUp });
}

/** In any status: by the time that the files are gone, the batch may have moved on. */
export function recordDeletedFiles(batch: Batch, event: EventOf<'cleanedUp'>): Decision {
  const cleanUp = batch.cleanUp.filter((jobId) => !event.jobIds.includes(jobId));
  // A user's retry may have submitted under a new key meanwhile.
  const leftovers = event.leftoversUpTo < (batch.leftovers ?? 0) ? batch.leftovers : undefined;
  if (cleanUp.length === batch.cleanUp.length && leftovers === batch.leftovers) {
    return ignored('it is not owed');
  }
  const left = { cleanUp, leftovers };
  const nothingOwed =
    batch.endEventSent === true && !hasPendingCleanup({ ...batch, cleanUp, leftovers });
  return stay(batch, nothingOwed ? { ...left, dueAt: undefined } : left);
}
