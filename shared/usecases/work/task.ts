import { submissionKey } from '../../batch/ids.ts';
import type { ByteRange } from '../../batch/ports.ts';
import type { Batch } from '../../batch/record.ts';
import type { JobContext } from '../../providers/provider.ts';
import type { Dependencies } from '../dependencies.ts';
import type { Task } from './work.ts';

/**
 * The batch's snapshot and rows so far, as streams that end with an error when the function's time
 * runs out: a record in the hands of a killed worker waits for its lease.
 */
export function rowSources(dependencies: Dependencies, { batch, deadline }: Task) {
  const { objects } = dependencies;
  if (!batch.input) throw new Error(`batch ${batch.batchId} is ${batch.status} without an input`);
  const read = (key: string, range?: ByteRange) =>
    untilDeadline(dependencies, objects.read(key, range), deadline);
  return {
    input: read(batch.input.key, batch.input.range),
    results: batch.rows && read(batch.rows.results),
    errors: batch.rows && read(batch.rows.errors),
  };
}

/** Kept for writing the outcome: milliseconds, at most a tenth of what was left at the start. */
const RESERVE_MS = 10_000;

/** The source, up to shortly before the deadline; then an error instead of more. */
export async function* untilDeadline<T>(
  { clock }: Pick<Dependencies, 'clock'>,
  source: AsyncIterable<T>,
  deadline: number,
): AsyncIterable<T> {
  const reserveMs = Math.min(RESERVE_MS, (deadline - clock.now()) / 10);
  for await (const item of source) {
    if (clock.now() > deadline - reserveMs) {
      throw new Error('the function ran out of time: it is tried again');
    }
    yield item;
  }
}

/** What the provider must know of the batch's present job, and again to read its rows. */
export function jobContext(batch: Batch): JobContext {
  const { batchId, endpoint = '', model = '', format, options } = batch;
  return { key: submissionKey(batch), batchId, endpoint, model, format, options };
}
