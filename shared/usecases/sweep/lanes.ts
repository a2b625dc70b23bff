import { messageOf } from '../../batch/errors.ts';
import type { Batch } from '../../batch/record.ts';
import type { Dependencies } from '../dependencies.ts';

/** A batch as an index shows it, and its record if that was read with the others of its page. */
export interface FoundBatch {
  readonly batchId: string;
  readonly record: Batch | undefined;
}

/**
 * Records read with one call, as many as BatchGetItem takes:
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
 */
export const RECORDS_PER_READ = 100;

/** Reads the records of a page at once: at most `RECORDS_PER_READ`. */
export async function readRecords(
  { batches, log }: Pick<Dependencies, 'batches' | 'log'>,
  ids: readonly string[],
): Promise<readonly FoundBatch[]> {
  // A record that is missing here is read by itself later, so that its own error is logged.
  const records = await batches.getMany(ids).catch((error: unknown) => {
    const fields = { error: messageOf(error) };
    log.warn('records of a page could not be read; reading them one by one', fields);
    return undefined;
  });
  return ids.map((batchId) => ({ batchId, record: records?.get(batchId) }));
}

/** The items one by one, for `inLanes`. */
export async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/**
 * Runs a step for each item, so many at a time. It returns, or throws, only when everything that it
 * began is over, because the sweep's lease is released after that.
 */
export async function inLanes<T>(
  items: AsyncGenerator<T>,
  lanes: number,
  step: (item: T) => Promise<void>,
): Promise<void> {
  const loops: Promise<void>[] = [];
  const failures: unknown[] = [];
  // The loops share one generator, which yields each item to one of them. A loop that gets its
  // first item starts the next loop, so a quiet sweep runs two.
  const loop = async () => {
    let isFirst = true;
    for await (const item of items) {
      if (isFirst) startLoop();
      isFirst = false;
      await step(item);
    }
  };
  const startLoop = () => {
    if (loops.length < lanes) loops.push(loop().catch((error) => void failures.push(error)));
  };
  startLoop();
  // The array grows while it is iterated over.
  for (const one of loops) await one;
  if (failures.length > 0) throw failures[0];
}

/**
 * Distributes the lanes fairly: nobody gets more than it has jobs for, and what one does not need
 * goes to the others. Whoever has a job gets a lane, so there may be more lanes than were given.
 *
 * @param jobs number of jobs of each
 * @returns number of lanes of each, in the same order
 */
export function fairLanes(jobs: readonly number[], lanes: number): readonly number[] {
  const result = jobs.map(() => 0);
  let left = lanes;
  let waiting = jobs.filter((count) => count > 0).length;
  for (const [index, count] of [...jobs.entries()].sort(([, a], [, b]) => a - b)) {
    if (count === 0) continue;
    const given = Math.min(count, Math.max(1, Math.floor(left / waiting)));
    result[index] = given;
    left -= given;
    waiting -= 1;
  }
  return result;
}
