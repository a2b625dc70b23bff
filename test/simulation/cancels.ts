import { rootBatchId } from '../../shared/batch/newRecord.ts';
import type { Batch } from '../../shared/batch/record.ts';
import type { SimulatedJob } from './observer.ts';
import { MINUTE } from './schedule.ts';

/** A create call that was sent before the cancel may land until the lease of its worker ends. */
const LATE_CREATE_MS = 17 * MINUTE;

/** The time from a cancel that was carried out to the `retry` that undid it, if one did. */
interface Cancelled {
  readonly from: number;
  until: number;
}

/** Whether each cancel is honoured: no job begins after it, and those that run end in time. */
export class Cancels {
  readonly #byBatch = new Map<string, Cancelled[]>();

  onWrite(now: number, next: Batch, previous: Batch): void {
    if (next.part || next.cancelRequested === previous.cancelRequested) return;
    const all = this.#byBatch.get(next.batchId) ?? [];
    if (next.cancelRequested) all.push({ from: now, until: Number.POSITIVE_INFINITY });
    else for (const cancelled of all) cancelled.until = Math.min(cancelled.until, now);
    this.#byBatch.set(next.batchId, all);
  }

  /** @returns the promise that a new job breaks, if it breaks one */
  brokenBy({ id, batchId, createdAt }: SimulatedJob): string | undefined {
    const since = this.#of(batchId).find(({ until }) => until > createdAt)?.from;
    if (since === undefined || createdAt <= since + LATE_CREATE_MS) return undefined;
    return `${id} of ${batchId} is created ${createdAt - since} ms after its cancel`;
  }

  /** @returns the longest time in milliseconds for which a job ran on after its cancel */
  longest(jobs: readonly SimulatedJob[]): number {
    const times = jobs.flatMap(({ batchId, createdAt, endsAt }) =>
      this.#of(batchId)
        .filter(({ from, until }) => createdAt < until && endsAt > from)
        .map(({ from, until }) => Math.min(endsAt, until) - from),
    );
    return Math.max(0, ...times);
  }

  #of(batchId: string): readonly Cancelled[] {
    return this.#byBatch.get(rootBatchId(batchId)) ?? [];
  }
}
