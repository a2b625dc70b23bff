import type { BatchInfo } from '../client/batchInfo.ts';
import { HOUR_MS } from '../quota/providerState.ts';
import { type Group, groupsOf } from './groups.ts';
import type { Period } from './period.ts';
import { endedIn } from './spend.ts';

/** The fields of a batch that say how long it and its jobs took. */
export type TimedBatch = Pick<
  BatchInfo,
  'status' | 'provider' | 'createdAt' | 'notBefore' | 'endedAt' | 'jobs'
>;

/** Whose times they are: those of jobs at their providers, or those of whole batches. */
export type TurnaroundOf = 'jobs' | 'batches';

/** Lengths of time in milliseconds. */
export interface Times {
  readonly samples: number;
  /** Percentiles by the nearest rank: the least time that so many percent of all do not exceed. */
  readonly p50: number | null;
  readonly p90: number | null;
}

export interface Turnaround {
  readonly all: Times;
  readonly providers: readonly (Group & Times)[];
  /** By the hour of the day, in UTC, in which they began to want to run: 24 of them. */
  readonly hours: readonly Times[];
}

/** How long something took, and where. */
interface Sample {
  readonly provider: string;
  /** Milliseconds since 1970. */
  readonly begunAt: number;
  readonly length: number;
}

/**
 * How long jobs or batches took that ended in a period.
 *
 * @param provider only those of this entry in the figures of the hours and of all. Default: of every entry
 */
export function turnaroundOf(
  batches: readonly TimedBatch[],
  period: Period,
  { of, provider }: { readonly of: TurnaroundOf; readonly provider?: string | undefined },
): Turnaround {
  const samples = of === 'jobs' ? jobSamples(batches, period) : batchSamples(batches, period);
  const { groups, indexOf } = groupsOf(
    samples.map((sample) => ({ value: sample.provider, weight: 1 })),
  );
  const byProvider = groups.map((): number[] => []);
  const byHour = Array.from({ length: 24 }, (): number[] => []);
  const all: number[] = [];
  for (const sample of samples) {
    byProvider[indexOf(sample.provider)]?.push(sample.length);
    if (provider !== undefined && sample.provider !== provider) continue;
    byHour[Math.floor(sample.begunAt / HOUR_MS) % 24]?.push(sample.length);
    all.push(sample.length);
  }
  return {
    all: timesOf(all),
    providers: groups.map((group, index) => ({ ...group, ...timesOf(byProvider[index] ?? []) })),
    hours: byHour.map(timesOf),
  };
}

/** Those that ran to an end of their own. One that was refused or cancelled says nothing about speed. */
function jobSamples(batches: readonly TimedBatch[], { days }: Period): readonly Sample[] {
  const [first = ''] = days;
  const samples: Sample[] = [];
  for (const { jobs } of batches)
    for (const { provider, submittedAt, endedAt, end } of jobs) {
      // Texts in order: reading a time costs much more.
      if (endedAt < first || (end !== 'completed' && end !== 'expired')) continue;
      const begunAt = Date.parse(submittedAt);
      samples.push({ provider, begunAt, length: Math.max(0, Date.parse(endedAt) - begunAt) });
    }
  return samples;
}

/** Those that were completed. What a person has put off does not count. */
function batchSamples(batches: readonly TimedBatch[], period: Period): readonly Sample[] {
  return endedIn(batches, period).flatMap(
    ({ status, provider, createdAt, notBefore = createdAt, endedAt = '' }) => {
      if (status !== 'completed') return [];
      const begunAt = Math.max(Date.parse(createdAt), Date.parse(notBefore));
      return [{ provider, begunAt, length: Math.max(0, Date.parse(endedAt) - begunAt) }];
    },
  );
}

function timesOf(lengths: readonly number[]): Times {
  const sorted = Float64Array.from(lengths).sort();
  return { samples: sorted.length, p50: nearestRank(sorted, 50), p90: nearestRank(sorted, 90) };
}

/**
 * The percentile of sorted numbers by the nearest rank.
 *
 * @param percent over 0, to 100
 * @returns null without numbers
 */
export function nearestRank(sorted: ArrayLike<number>, percent: number): number | null {
  return sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? null;
}
