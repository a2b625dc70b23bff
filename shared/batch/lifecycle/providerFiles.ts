import type { Batch, BatchIn } from '../record.ts';
import type { EndStatus } from '../status.ts';
import { GRACE_MS, resendAt } from './claims.ts';
import { type Decision, type DecisionContext, ignored, stay } from './decision.ts';
import type { CoreChanges } from './enter.ts';
import type { EventOf } from './events.ts';
import { inputExpiresAt } from './inputExpiry.ts';

/**
 * The files that jobs leave at the provider. The same write that makes a job's files dispensable
 * adds the job to `jobsToDelete`, never an earlier one. Entering a status with a new job in the list
 * starts the deletion. Deletions that fail are repeated once the batch has ended.
 */

/** Adds a job, if there is one, to those whose files are no longer needed after this write. */
export function markForDeletion(
  batch: Batch,
  { policy }: DecisionContext,
  jobId: string | undefined,
): Pick<CoreChanges, 'jobsToDelete'> {
  if (!policy.cleanUpFiles || jobId === undefined) return {};
  return { jobsToDelete: [...batch.jobsToDelete, jobId] };
}

/** A claim to submit that ends without a job may still have uploaded a file. */
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
 * Starts the deletion again, with a backoff. A day after everything else is over it is given up:
 * providers delete old files themselves, and no ended batch may be due for ever.
 */
export function resendDeletion(batch: BatchIn<EndStatus>, context: DecisionContext): Decision {
  const { policy, now } = context;
  const isOver = now >= Math.max(batch.deadlineAt, batch.statusAt) + GRACE_MS;
  if (policy.cleanUpFiles && !isOver) {
    const { sends } = batch;
    const changes = { sends: sends + 1, dueAt: resendAt(sends, context) };
    return stay(batch, changes, { type: 'deleteProviderFiles' });
  }
  const dueAt = inputExpiresAt(batch, context);
  const givenUp = { jobsToDelete: [], leftovers: undefined, sends: 0, dueAt };
  if (!policy.cleanUpFiles) return stay(batch, givenUp);
  return stay(batch, givenUp, { type: 'reportFilesLeft', jobIds: batch.jobsToDelete });
}

/** Possible in most statuses: the batch may have moved on by the time its files are deleted. */
export function recordDeletedFiles(batch: Batch, event: EventOf<'filesDeleted'>): Decision {
  const left = filesLeft(batch, event);
  return left ? stay(batch, left) : ignored(NOTHING_PENDING);
}

/** Like {@link recordDeletedFiles} for an ended batch, which is then due only when its input expires. */
export function recordLastDeletedFiles(
  batch: BatchIn<EndStatus>,
  event: EventOf<'filesDeleted'>,
  context: DecisionContext,
): Decision {
  const left = filesLeft(batch, event);
  if (!left) return ignored(NOTHING_PENDING);
  const isOver = batch.endEventSent && !hasPendingCleanup(left);
  if (!isOver) return stay(batch, left);
  return stay(batch, { ...left, sends: 0, dueAt: inputExpiresAt(batch, context) });
}

const NOTHING_PENDING = 'the record names none of these files';

/** @returns undefined if the record names none of what was deleted */
function filesLeft(batch: Batch, event: EventOf<'filesDeleted'>) {
  const jobsToDelete = batch.jobsToDelete.filter((jobId) => !event.jobIds.includes(jobId));
  // A user's retry may have submitted under a new key meanwhile.
  const leftovers = event.leftoversUpTo < (batch.leftovers ?? 0) ? batch.leftovers : undefined;
  const isUnchanged =
    jobsToDelete.length === batch.jobsToDelete.length && leftovers === batch.leftovers;
  return isUnchanged ? undefined : { jobsToDelete, leftovers };
}
