import { setTimeout as wait } from 'node:timers/promises';
import type { BatchReader } from './batchReader.ts';
import { type BatchView, isOver, unrecorded, viewOf } from './view.ts';

/** A batch that the run waits for. */
export interface Tracked {
  readonly batchId: string;
  /** Of the message that added it, if this run or an earlier one sent it. */
  readonly messageId: string | undefined;
}

/** Between two looks at the table, in milliseconds. */
const LOOK_MS = 250;

/**
 * Looks at the batches until all are over.
 *
 * @param look reads how they stand
 * @param show is called after every look
 * @throws the signal's reason when it is aborted
 */
export async function watchBatches(
  look: () => Promise<readonly BatchView[]>,
  show: (views: readonly BatchView[]) => void,
  signal: AbortSignal,
): Promise<readonly BatchView[]> {
  while (true) {
    const views = await look();
    show(views);
    if (views.every(isOver)) return views;
    await wait(LOOK_MS, undefined, { signal });
  }
}

/**
 * How the batches stand now.
 *
 * @param refusals why messages were refused, by message id; asked for only if a batch has no record
 */
export async function readViews(
  tracked: readonly Tracked[],
  reader: Pick<BatchReader, 'get'>,
  refusals: () => Promise<ReadonlyMap<string, string>>,
): Promise<readonly BatchView[]> {
  const batches = await Promise.all(tracked.map(({ batchId }) => reader.get(batchId)));
  const refused = batches.includes(undefined) ? await refusals() : new Map<string, string>();
  return tracked.map(({ batchId, messageId }, index) => {
    const batch = batches[index];
    return batch === undefined ? unrecorded(batchId, refused.get(messageId ?? '')) : viewOf(batch);
  });
}
