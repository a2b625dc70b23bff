import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { periodOf } from '../../../shared/console/period.ts';
import { nearestRank, type TimedBatch, turnaroundOf } from '../../../shared/console/turnaround.ts';

const NOW = Date.parse('2026-12-01T10:00:00Z');
const MINUTE = 60_000;
const period = periodOf(7, NOW);

type TimedJob = TimedBatch['jobs'][number];
function job(changes: Partial<TimedJob> = {}): TimedJob {
  return {
    ...{ id: 'j', provider: 'openai', attempt: 1, end: 'completed', requests: 1, succeeded: 1 },
    ...{ submittedAt: '2026-12-01T01:30:00.000Z', endedAt: '2026-12-01T02:30:00.000Z' },
    ...changes,
  };
}
function batch(changes: Partial<TimedBatch> = {}): TimedBatch {
  return {
    ...{ status: 'completed', provider: 'openai', jobs: [job()] },
    ...{ createdAt: '2026-12-01T01:00:00.000Z', endedAt: '2026-12-01T03:00:00.000Z' },
    ...changes,
  };
}

describe('percentiles by the nearest rank', () => {
  it.each([
    [[], 50, null],
    [[7], 90, 7],
    [[1, 2], 50, 1],
    [[1, 2, 3], 50, 2],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 90, 9],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 90, 10],
  ])('of %j: p%i is %j', (sorted, percent, expected) => {
    expect(nearestRank(sorted, percent)).toBe(expected);
  });

  it('are the least value that so many percent do not exceed', () => {
    const numbers = fc.array(fc.nat(50), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 100 }), (values, percent) => {
        const sorted = values.toSorted((a, b) => a - b);
        const found = nearestRank(sorted, percent) ?? Number.NaN;
        const shareUpTo = (limit: number) =>
          (100 * sorted.filter((value) => value <= limit).length) / sorted.length;
        expect(shareUpTo(found)).toBeGreaterThanOrEqual(percent);
        const below = sorted.filter((value) => value < found).at(-1);
        if (below !== undefined) expect(shareUpTo(below)).toBeLessThan(percent);
      }),
    );
  });
});

describe('turnaround', () => {
  it('of jobs is from the submission to the end, at the entry that ran them', () => {
    const jobs = [
      job(),
      job({ provider: 'claude', submittedAt: '2026-12-01T02:20:00.000Z' }),
      job({ end: 'expired', submittedAt: '2026-12-01T01:10:00.000Z' }),
      job({ end: 'failed', code: 'token_limit_exceeded' }),
      job({ end: 'cancelled' }),
      job({ endedAt: '2026-11-24T23:59:00.000Z' }),
    ];
    const { all, providers, hours } = turnaroundOf([batch({ jobs })], period, { of: 'jobs' });
    expect(all).toEqual({ samples: 3, p50: 60 * MINUTE, p90: 80 * MINUTE });
    expect(providers).toEqual([
      { name: 'openai', kind: 'named', samples: 2, p50: 60 * MINUTE, p90: 80 * MINUTE },
      { name: 'claude', kind: 'named', samples: 1, p50: 10 * MINUTE, p90: 10 * MINUTE },
    ]);
    expect(hours).toHaveLength(24);
    expect(hours[1]).toMatchObject({ samples: 2 });
    expect(hours[2]).toMatchObject({ samples: 1 });
    expect(hours[3]).toEqual({ samples: 0, p50: null, p90: null });
  });

  it('of batches begins with notBefore, if that is later', () => {
    const batches = [
      batch(),
      batch({ notBefore: '2026-12-01T02:30:00.000Z' }),
      batch({ notBefore: '2026-11-01T00:00:00.000Z' }),
      batch({ status: 'failed' }),
      batch({ status: 'cancelled' }),
    ];
    const { all, hours } = turnaroundOf(batches, period, { of: 'batches' });
    expect(all).toEqual({ samples: 3, p50: 120 * MINUTE, p90: 120 * MINUTE });
    expect(hours[2]).toEqual({ samples: 1, p50: 30 * MINUTE, p90: 30 * MINUTE });
  });

  it('of one entry leaves the others in the comparison of entries', () => {
    const jobs = [job(), job({ provider: 'claude' })];
    const { all, providers } = turnaroundOf([batch({ jobs })], period, {
      ...{ of: 'jobs', provider: 'claude' },
    });
    expect(all.samples).toBe(1);
    expect(providers.map(({ name }) => name)).toEqual(['claude', 'openai']);
  });
});
