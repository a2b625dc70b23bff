import pMap from 'p-map';
import type { Batch } from '../../batch/batch.ts';
import { newKeyPrefix } from '../../batch/identifiers.ts';
import { newPart, owesRetry, partId, partRetryId } from '../../batch/part.ts';
import { isEnded } from '../../batch/status.ts';
import type { Dependencies } from '../dependencies.ts';
import { transition } from '../transition.ts';

/** Parts of one batch looked at side by side. */
const CONCURRENCY = 20;

/**
 * Looks at the parts of a batch, which are found by their keys: makes those that are missing, hands
 * on what the user asked for, and brings the batch on when all have ended.
 */
export async function tendParts(dependencies: Dependencies, parent: Batch): Promise<void> {
  const { batchId, parts = [] } = parent;
  const numbers = parts.map((_, index) => index + 1);
  const haveEnded = await pMap(numbers, (number) => tend(dependencies, parent, number), {
    concurrency: CONCURRENCY,
  });
  const event = { type: haveEnded.every(Boolean) ? 'partsEnded' : 'due' } as const;
  await transition(dependencies, batchId, event, parent);
}

/** @returns whether nothing more comes of the part */
async function tend(dependencies: Dependencies, parent: Batch, number: number): Promise<boolean> {
  const { batches, chance, clock } = dependencies;
  const id = partId(parent.batchId, number);
  const part = await batches.get(id);
  if (!part) {
    if (parent.cancelRequested) return true;
    const keyPrefix = newKeyPrefix((max) => chance.randomInt(max));
    await batches.create(newPart(parent, number, keyPrefix, clock.now()));
    return false;
  }
  if (parent.cancelRequested && !isEnded(part.status)) {
    await transition(
      dependencies,
      id,
      { type: 'cancelRequested', messageId: `${id}-cancel` },
      part,
    );
    return false;
  }
  if (!parent.cancelRequested && owesRetry(part, parent)) {
    const messageId = partRetryId(parent);
    const { deadlineAt } = parent;
    await transition(dependencies, id, { type: 'retryRequested', messageId, deadlineAt }, part);
    return false;
  }
  return isEnded(part.status);
}
