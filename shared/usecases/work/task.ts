import { submissionKey } from '../../batch/ids.ts';
import type { WorkStatus } from '../../batch/lifecycle/events.ts';
import type { ByteRange } from '../../batch/ports.ts';
import type { BatchIn } from '../../batch/record.ts';
import type { JobContext } from '../../providers/provider.ts';
import type { Dependencies } from '../dependencies.ts';

/** A piece of work that this worker has claimed. */
export interface Task<S extends WorkStatus = WorkStatus> {
  /** The record as the claim left it. */
  readonly batch: BatchIn<S>;
  readonly token: string;
  /** When the function is killed, in milliseconds since 1970. */
  readonly deadline: number;
}

/** Work that reads the snapshot. */
type InspectedTask = Task<'submitting' | 'collecting'>;

/**
 * The batch's snapshot and rows so far, as streams that end with an error when the function's time
 * runs out: a record in the hands of a killed worker waits for its lease.
 */
export function rowSources(dependencies: Dependencies, { batch, deadline }: InspectedTask) {
  const { objects } = dependencies;
  const read = (key: string, range?: ByteRange) =>
    untilDeadline(dependencies, objects.read(key, range), deadline);
  return {
    input: read(batch.input.key, batch.part?.range),
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
export function jobContext(batch: InspectedTask['batch']): JobContext {
  const { batchId, input, spec } = batch;
  const { endpoint, model = '' } = input;
  const { format, options } = spec;
  return { key: submissionKey(batch), batchId, endpoint, model, format, options };
}
