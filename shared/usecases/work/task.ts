import type { Reason } from '../../batch/errors.ts';
import { submissionKey } from '../../batch/ids.ts';
import type { WorkStatus } from '../../batch/lifecycle/events.ts';
import type { BatchIn } from '../../batch/record.ts';
import type { JobContext } from '../../providers/provider.ts';
import type { Dependencies } from '../dependencies.ts';

/** Work that this worker has claimed. */
export interface WorkTask<S extends WorkStatus = WorkStatus> {
  /** The record as the claim left it. */
  readonly batch: BatchIn<S>;
  readonly token: string;
  /** When the function is killed, in milliseconds since 1970. */
  readonly deadline: number;
}

type InspectedTask = WorkTask<'submitting' | 'collecting'>;

/**
 * The batch's input and its rows so far. The streams throw shortly before the function is killed:
 * the record of a killed worker would wait for its lease to expire.
 */
export function rowSources(ports: Pick<Dependencies, 'objects' | 'clock'>, task: InspectedTask) {
  const { batch, deadline } = task;
  const input = ports.objects.read(batch.input.key, batch.part?.range);
  return { input: untilDeadline(ports, input, deadline), ...earlierRows(ports, task) };
}

/** The batch's rows so far, in streams like these. */
export function earlierRows(
  ports: Pick<Dependencies, 'objects' | 'clock'>,
  { batch: { rows }, deadline }: InspectedTask,
) {
  const read = (key: string) => untilDeadline(ports, ports.objects.read(key), deadline);
  return { results: rows && read(rows.results), errors: rows && read(rows.errors) };
}

/** Time kept for writing the outcome: milliseconds, but at most a tenth of what is left at the start. */
const RESERVE_MS = 10_000;

/** Yields the source. Shortly before the deadline it throws instead. */
export async function* untilDeadline<T>(
  { clock }: Pick<Dependencies, 'clock'>,
  source: AsyncIterable<T>,
  deadline: number,
): AsyncIterable<T> {
  const lastMoment = lastMomentBefore(deadline, clock.now());
  for await (const item of source) {
    if (clock.now() > lastMoment) throw new Error(OUT_OF_TIME.message);
    yield item;
  }
}

/** When a function must stop reading that began at `startedAt`. */
export function lastMomentBefore(deadline: number, startedAt: number): number {
  return deadline - Math.min(RESERVE_MS, (deadline - startedAt) / 10);
}

export const OUT_OF_TIME: Reason = {
  code: 'out_of_time',
  message: 'the function ran out of time; the work will be repeated',
};

/** What a provider must know of a job, both to submit it and to read its rows. */
export function jobContext(batch: InspectedTask['batch']): JobContext {
  const { batchId, input, spec } = batch;
  const { endpoint, model = '' } = input;
  const { format, options } = spec;
  return { key: submissionKey(batch), batchId, endpoint, model, format, options };
}
