import { isEnded, type Status } from '../batch/status.ts';
import type { BatchInfo } from '../client/batchInfo.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { DAY_MS } from '../quota/providerState.ts';
import { nearestRank } from './turnaround.ts';

/** How many of the last days count for turnarounds. */
export const TURNAROUND_DAYS = 7;

/** How long the jobs of a provider entry took, from their submission to their end, in milliseconds. */
export interface Turnaround {
  /** Half of the jobs took no longer. */
  readonly p50: number;
  /** Nine of ten jobs took no longer. */
  readonly p90: number;
  readonly jobs: number;
}

/** What has become of the batches. */
export interface BatchTotals {
  /** Batches that have not ended, by status. */
  readonly open: Readonly<Partial<Record<Status, number>>>;
  /** Batches that ended in the present UTC day, in whatever status. */
  readonly endedToday: number;
  /** Of these, those that failed. */
  readonly failedToday: number;
}

export interface BatchesSummary {
  readonly totals: BatchTotals;
  /** Provider entry → turnaround of the jobs that completed within the last 7 days. */
  readonly turnarounds: Readonly<Record<string, Turnaround>>;
  /**
   * Provider entry → batches of unknown cost that had a job there which ended in the present UTC day: what
   * they have cost is in no sum.
   */
  readonly unknownCosts: Readonly<Record<string, number>>;
  /** When the oldest batch was added that counts, in ISO 8601. Absent if none does. */
  readonly countedTo?: string;
}

type Counted = Pick<BatchInfo, 'status' | 'createdAt' | 'endedAt' | 'jobs' | 'cost'>;

/** @param now milliseconds since 1970 */
export function summaryOf(batches: Iterable<Counted>, now: number): BatchesSummary {
  const today = new Date(Math.floor(now / DAY_MS) * DAY_MS).toISOString();
  const since = new Date(now - TURNAROUND_DAYS * DAY_MS).toISOString();
  const open: Partial<Record<Status, number>> = {};
  const lengths = new Map<string, number[]>();
  const unknownCosts = new Map<string, number>();
  let endedToday = 0;
  let failedToday = 0;
  let countedTo: string | undefined;
  for (const { status, createdAt, endedAt, jobs, cost } of batches) {
    if (countedTo === undefined || createdAt < countedTo) countedTo = createdAt;
    if (!isEnded(status)) open[status] = (open[status] ?? 0) + 1;
    if (endedAt !== undefined && endedAt >= today) {
      endedToday += 1;
      if (status === 'failed') failedToday += 1;
    }
    if (cost === null) {
      const recent = jobs.filter((job) => job.endedAt >= today).map(({ provider }) => provider);
      for (const provider of new Set(recent))
        unknownCosts.set(provider, (unknownCosts.get(provider) ?? 0) + 1);
    }
    for (const job of jobs) {
      if (job.end !== 'completed' || job.endedAt < since) continue;
      const length = Date.parse(job.endedAt) - Date.parse(job.submittedAt);
      const known = lengths.get(job.provider);
      if (known) known.push(length);
      else lengths.set(job.provider, [length]);
    }
  }
  const turnarounds = [...lengths].map(([provider, each]) => [provider, turnaroundOf(each)]);
  return omitUndefined({
    totals: { open, endedToday, failedToday },
    turnarounds: Object.fromEntries(turnarounds) as BatchesSummary['turnarounds'],
    unknownCosts: Object.fromEntries(unknownCosts),
    countedTo,
  });
}

function turnaroundOf(lengths: readonly number[]): Turnaround {
  const sorted = lengths.toSorted((a, b) => a - b);
  return {
    p50: nearestRank(sorted, 50) ?? 0,
    p90: nearestRank(sorted, 90) ?? 0,
    jobs: sorted.length,
  };
}
