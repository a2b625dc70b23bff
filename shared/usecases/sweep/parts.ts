import pMap from 'p-map';
import { newKeyPrefix } from '../../batch/ids.ts';
import { needsRetry, newPart, partId, partRetryId } from '../../batch/newRecord.ts';
import type { BatchIn, Slice } from '../../batch/record.ts';
import { isEnded } from '../../batch/status.ts';
import { type TransitionPorts, transition } from '../transition.ts';

/** Parts of one batch that are advanced at the same time. */
const CONCURRENCY = 20;

/**
 * Advances a batch in parts: creates parts that are missing, passes the user's commands on to
 * them, and moves the batch on once all of them have ended. Parts are found by their ids.
 */
export async function advanceParts(
  ports: TransitionPorts,
  parent: BatchIn<'split'>,
): Promise<void> {
  const haveEnded = await pMap(
    parent.input.parts,
    (slice, index) => advancePart(ports, parent, { number: index + 1, slice }),
    { concurrency: CONCURRENCY },
  );
  const event = { type: haveEnded.every(Boolean) ? 'partsEnded' : 'due' } as const;
  await transition(ports, parent.batchId, event, parent);
}

/** @returns whether the part has ended for good */
async function advancePart(
  ports: TransitionPorts,
  parent: BatchIn<'split'>,
  { number, slice }: { readonly number: number; readonly slice: Slice },
): Promise<boolean> {
  const { batches, chance, clock } = ports;
  const id = partId(parent.batchId, number);
  const part = await batches.get(id);
  if (!part) {
    if (parent.cancelRequested) return true;
    const keyPrefix = newKeyPrefix((max) => chance.randomInt(max));
    await batches.create(newPart(parent, { number, slice, keyPrefix }, clock.now()));
    return false;
  }
  if (parent.cancelRequested && !isEnded(part.status)) {
    const event = { type: 'cancelRequested', messageId: `${id}-cancel` } as const;
    await transition(ports, id, event, part);
    return false;
  }
  if (!parent.cancelRequested && needsRetry(part, parent)) {
    const messageId = partRetryId(parent);
    const { deadlineAt } = parent;
    await transition(ports, id, { type: 'retryRequested', messageId, deadlineAt }, part);
    return false;
  }
  return isEnded(part.status);
}
