import { UnreadableRecordError } from '../batch/errors.ts';
import { newKeyPrefix } from '../batch/ids.ts';
import type { Slice } from '../batch/input.ts';
import {
  isPartOf,
  needsRetry,
  newPart,
  partCancelId,
  partId,
  partRetryId,
} from '../batch/newRecord.ts';
import type { Batch, BatchFields, BatchIn } from '../batch/record.ts';
import { isEnded, type Status } from '../batch/status.ts';
import type { Dependencies } from './dependencies.ts';
import { each, inLanes } from './sweep/lanes.ts';
import { type TransitionPorts, transition } from './transition.ts';

/** Parts of one batch that are advanced at the same time. */
const PARTS_CONCURRENCY = 20;

/**
 * Advances a batch in parts: creates parts that are missing, passes the user's commands on to
 * them, and moves the batch on once all of them have ended. Parts are found by their ids.
 */
export async function advanceParts(
  ports: TransitionPorts,
  parent: BatchIn<'split'>,
): Promise<void> {
  let haveEnded = true;
  const places = parent.input.parts.map((slice, index) => ({ number: index + 1, slice }));
  await inLanes(each(places), PARTS_CONCURRENCY, async (place) => {
    try {
      if (!(await advancePart(ports, parent, place))) haveEnded = false;
    } catch (error) {
      // Nobody knows whether it has ended. The batch itself still ends at its deadline.
      if (!(error instanceof UnreadableRecordError)) throw error;
      haveEnded = false;
    }
  });
  const { batchId, retries } = parent;
  const event = haveEnded ? ({ type: 'partsEnded', retries } as const) : ({ type: 'due' } as const);
  await transition(ports, batchId, event, parent);
}

interface PartOfInput {
  readonly number: number;
  readonly slice: Slice;
}

/** @returns whether the part has ended for good */
async function advancePart(
  ports: TransitionPorts,
  parent: BatchIn<'split'>,
  place: PartOfInput,
): Promise<boolean> {
  const id = partId(parent.batchId, place.number);
  const part = await ports.batches.get(id);
  if (!part || !isPartOf(part, parent)) return makePart(ports, parent, place, part);
  if (parent.cancelRequested) return stopPart(ports, part);
  if (needsRetry(part, parent)) {
    const messageId = partRetryId(parent);
    const { deadlineAt } = parent;
    await transition(ports, id, { type: 'retryRequested', messageId, deadlineAt }, part);
    return false;
  }
  return isEnded(part.status);
}

/**
 * Creates a part that is missing.
 *
 * @param old a part with this id of another batch, which had the id of this one before
 * @returns whether none is needed
 */
async function makePart(
  ports: TransitionPorts,
  parent: BatchIn<'split'>,
  { number, slice }: PartOfInput,
  old: Batch | undefined,
): Promise<boolean> {
  const { batches, chance, clock } = ports;
  if (old && !(await stopPart(ports, old))) return false;
  if (parent.cancelRequested) return true;
  const keyPrefix = newKeyPrefix((max) => chance.randomInt(max));
  const part = newPart(parent, { number, slice, keyPrefix }, clock.now());
  if (!old) await batches.create(part);
  else if (isSettled(old)) await batches.replace({ ...part, version: old.version + 1 });
  return false;
}

/** Whether nothing is left to do for an ended batch: no event, and no deletion of files. */
function isSettled({ dueAt }: BatchFields): boolean {
  return dueAt === undefined;
}

/** @returns whether it has ended */
async function stopPart(ports: TransitionPorts, part: Batch): Promise<boolean> {
  if (isEnded(part.status)) return true;
  const event = { type: 'cancelRequested', messageId: partCancelId(part) } as const;
  await transition(ports, part.batchId, event, part);
  return false;
}

/**
 * Whether a batch may have a job: a part must not once its own batch is cancelled or over, which
 * the part is told only by a later sweep.
 */
export async function mayHaveJob(
  { batches }: Pick<Dependencies, 'batches'>,
  batch: Batch,
): Promise<boolean> {
  if (!batch.part) return true;
  const parent = await batches.get(batch.part.parentId);
  if (parent?.status !== 'split' || parent.cancelRequested) return false;
  // A batch that was split may be a part itself.
  return isPartOf(batch, parent) && mayHaveJob({ batches }, parent);
}

/** The statuses that lead to a job without another look at the batch that a part belongs to. */
const BEFORE_JOB: ReadonlySet<Status> = new Set(['queued', 'submitting', 'retrying']);

/**
 * Cancels a part whose own batch is cancelled or over: no job must follow. Such parts exist if a
 * process that was slow creates or retries a part after its batch has ended.
 *
 * @returns whether it was told to end
 */
export async function stopIfOrphan(ports: TransitionPorts, batch: Batch): Promise<boolean> {
  if (!batch.part || !BEFORE_JOB.has(batch.status)) return false;
  if (batch.cancelRequested || (await mayHaveJob(ports, batch))) return false;
  await stopPart(ports, batch);
  return true;
}
