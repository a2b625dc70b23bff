import type { Batch, BatchIn } from '../record.ts';
import type { EndStatus } from '../status.ts';
import { GRACE_MS } from './claims.ts';
import { type Decision, type DecisionContext, ignored, stay } from './decision.ts';
import { type CoreChanges, resendAt } from './enter.ts';
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
): Pick<CoreChanges, 'jobsToDelete'> {
  if (!policy.cleanUpFiles || jobId === undefined) return {};
  return { jobsToDelete: [...batch.jobsToDelete, jobId] };
}

/** A claim to submit that ends without a job may have uploaded a file all the same. */
export function mayHaveUploaded(
  batch: Batch,
  { policy }: DecisionContext,
): Pick<CoreChanges, 'leftovers'> {
  return policy.cleanUpFiles ? { leftovers: batch.submission } : {};
}

export function hasPendingCleanup({
  jobsToDelete,
  leftovers,
}: Pick<Batch, 'jobsToDelete' | 'leftovers'>): boolean {
  return jobsToDelete.length > 0 || leftovers !== undefined;
}

/**
 * Again, after a backoff. It is given up a day after everything else is over: providers delete old
 * files by themselves, and no ended batch is due for ever.
 */
export function resendCleanup(batch: BatchIn<EndStatus>, context: DecisionContext): Decision {
  const { policy, now } = context;
  const isOver = now >= Math.max(batch.deadlineAt, batch.statusAt) + GRACE_MS;
  if (policy.cleanUpFiles && !isOver) {
    const { sends } = batch;
    const changes = { sends: sends + 1, dueAt: resendAt(sends, context) };
    return stay(batch, changes, { type: 'deleteProviderFiles' });
  }
  const nothing = { jobsToDelete: [], leftovers: undefined, dueAt: undefined };
  if (!policy.cleanUpFiles) return stay(batch, nothing);
  return stay(batch, nothing, { type: 'reportFilesLeft', jobIds: batch.jobsToDelete });
}

/** In any status: by the time that the files are gone, the batch may have moved on. */
export function recordDeletedFiles(batch: Batch, event: EventOf<'cleanedUp'>): Decision {
  const left = filesLeft(batch, event);
  return left ? stay(batch, left) : ignored(NOTHING_PENDING);
}

/** The same once the batch has ended: the last deletion ends what it is due for. */
export function recordLastDeletedFiles(
  batch: BatchIn<EndStatus>,
  event: EventOf<'cleanedUp'>,
): Decision {
  const left = filesLeft(batch, event);
  if (!left) return ignored(NOTHING_PENDING);
  const isOver = batch.endEventSent && !hasPendingCleanup(left);
  return stay(batch, isOver ? { ...left, dueAt: undefined } : left);
}

const NOTHING_PENDING = 'the record names none of these files';

/** @returns undefined if the record names none of what was deleted */
function filesLeft(batch: Batch, event: EventOf<'cleanedUp'>) {
  const jobsToDelete = batch.jobsToDelete.filter((jobId) => !event.jobIds.includes(jobId));
  // A user's retry may have submitted under a new key meanwhile.
  const leftovers = event.leftoversUpTo < (batch.leftovers ?? 0) ? batch.leftovers : undefined;
  const isUnchanged =
    jobsToDelete.length === batch.jobsToDelete.length && leftovers === batch.leftovers;
  return isUnchanged ? undefined : { jobsToDelete, leftovers };
}
