import { expect, it } from 'vitest';
import type { BatchInfo, JobInfo } from '../../../shared/client/index.ts';
import { summaryOf } from '../../../shared/console/summary.ts';

const NOW = Date.parse('2027-01-15T08:00:00Z');
const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
const ago = (milliseconds: number) => new Date(NOW - milliseconds).toISOString();

function job(hours: number, more: Partial<JobInfo> = {}): JobInfo {
  return {
    ...{ id: 'j', provider: 'openai', attempt: 1, requests: 1, succeeded: 1, end: 'completed' },
    ...{ submittedAt: ago(DAY + hours * HOUR), endedAt: ago(DAY) },
    ...more,
  };
}

type Batch = Pick<BatchInfo, 'status' | 'createdAt' | 'endedAt' | 'jobs' | 'cost'>;
const batch = (status: Batch['status'], more: Partial<Batch> = {}): Batch => ({
  ...{ status, createdAt: ago(2 * DAY), jobs: [], cost: 0 },
  ...more,
});

it('counts what is open, and what ended today by UTC', () => {
  const { totals, countedTo } = summaryOf(
    [
      batch('running'),
      batch('running'),
      batch('queued', { createdAt: ago(3 * DAY) }),
      batch('completed', { endedAt: ago(8 * HOUR) }),
      batch('failed', { endedAt: ago(HOUR) }),
      batch('failed', { endedAt: ago(8 * HOUR + 1) }),
    ],
    NOW,
  );
  expect(totals).toEqual({ open: { running: 2, queued: 1 }, endedToday: 2, failedToday: 1 });
  expect(countedTo).toBe(ago(3 * DAY));
});

it('tells turnarounds by nearest rank, of jobs that completed within 7 days', () => {
  const jobs = [10, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((hours) => job(hours));
  const others = [
    job(99, { end: 'expired' }),
    job(99, { endedAt: ago(7 * DAY + 1) }),
    job(20, { provider: 'claude' }),
  ];
  const { turnarounds } = summaryOf(
    [batch('completed', { jobs }), batch('failed', { jobs: others })],
    NOW,
  );
  expect(turnarounds).toEqual({
    openai: { p50: 5 * HOUR, p90: 9 * HOUR, jobs: 10 },
    claude: { p50: 20 * HOUR, p90: 20 * HOUR, jobs: 1 },
  });
});

it('tells at which entries the jobs of today cost what is not known', () => {
  const today = (more: Partial<JobInfo> = {}) => job(1, { endedAt: ago(HOUR), ...more });
  const { unknownCosts } = summaryOf(
    [
      batch('completed', { cost: null, jobs: [today(), today()] }),
      batch('retrying', { cost: null, jobs: [today(), today({ provider: 'claude' })] }),
      batch('completed', { cost: null, jobs: [job(1)] }),
      batch('completed', { cost: 3, jobs: [today({ provider: 'gemini' })] }),
    ],
    NOW,
  );
  expect(unknownCosts).toEqual({ openai: 2, claude: 1 });
});

it('says nothing of no batch', () => {
  expect(summaryOf([], NOW)).toEqual({
    totals: { open: {}, endedToday: 0, failedToday: 0 },
    turnarounds: {},
    unknownCosts: {},
  });
});
