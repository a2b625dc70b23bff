import { describe, expect, it } from 'vitest';
import { MAX_PAST_JOBS, type Outcome } from '../../../../shared/batch/job.ts';
import { EVENTS, given, LIVE, NOW, next, when } from '../../../support/given.ts';

const SUBMITTED = { submittedAt: NOW - 1000, provider: 'openai', id: 'job_1' };
const collected = (succeeded: number, failed: number, unfinished: number) => ({
  ...EVENTS.collected,
  counts: { total: succeeded + failed + unfinished, succeeded, failed, unfinished },
});
const expired: Outcome = {
  kind: 'expired',
  jobId: 'job_1',
  files: [],
  reason: { code: 'batch_expired', message: 'm' },
};

describe('past jobs', () => {
  it('hold the result of each attempt: the requests of its job and how many succeeded', () => {
    // Prepare
    const counts = { total: 10, succeeded: 3, failed: 1, unfinished: 6 };
    const statusAt = NOW - 100;
    const second = given('collecting', { claim: LIVE, attempt: 2, counts, statusAt });

    // Act
    const batch = next(when({ ...second, outcome: expired }, collected(5, 1, 4)));

    // Assess
    expect(batch.status).toBe('retrying');
    expect(batch.job).toBeUndefined();
    expect(batch.pastJobs).toEqual([
      {
        ...SUBMITTED,
        attempt: 2,
        endedAt: statusAt,
        end: 'expired',
        code: 'batch_expired',
        requests: 6,
        succeeded: 2,
        rowsToken: EVENTS.collected.token,
      },
    ]);
  });

  it('count all requests that did not succeed when a user retries the batch', () => {
    const counts = { total: 10, succeeded: 3, failed: 7, unfinished: 0 };
    const again = given('collecting', { claim: LIVE, counts, selection: 'unsucceeded' });

    const { pastJobs } = next(when(again, collected(9, 1, 0)));

    expect(pastJobs).toMatchObject([{ end: 'completed', requests: 7, succeeded: 6 }]);
    expect(pastJobs[0]).not.toHaveProperty('code');
  });

  it('hold a job that was refused for quota, which used no attempt', () => {
    const reason = { code: 'token_limit_exceeded', message: 'm' };
    const outcome = {
      kind: 'failed',
      jobId: 'job_1',
      files: [],
      refusal: 'quota',
      reason,
    } as const;
    const event = { type: 'jobChecked', timing: {}, jobId: 'job_1' } as const;

    const batch = next(
      when(given('running'), {
        ...event,
        job: { state: 'ended', outcome: { ...outcome, files: [] } },
      }),
    );

    expect(batch).toMatchObject({ status: 'queued', attempt: 0 });
    const used = { attempt: 1, endedAt: NOW, end: 'failed', code: 'token_limit_exceeded' };
    expect(batch.pastJobs).toEqual([{ ...SUBMITTED, ...used, requests: 10, succeeded: 0 }]);
  });

  it('hold a job whose output could never be collected', () => {
    const forsaken = given('collecting', { deadlineAt: NOW - 24 * 3_600_000 });

    const batch = next(when(forsaken, { type: 'due' }));

    expect(batch.status).toBe('failed');
    expect(batch.pastJobs).toMatchObject([{ id: 'job_1', end: 'completed', succeeded: 0 }]);
    expect(batch.pastJobs[0]).not.toHaveProperty('rowsToken');
  });

  it('are empty for a batch that had no job', () => {
    const outcome: Outcome = { kind: 'cancelled', files: [] };
    const batch = given('collecting', { claim: LIVE, job: undefined, outcome });
    expect(next(when(batch, collected(0, 0, 10))).pastJobs).toEqual([]);
  });

  it('are the last ones, of many', () => {
    const past = { ...SUBMITTED, endedAt: NOW, end: 'expired', requests: 1, succeeded: 0 } as const;
    const pastJobs = Array.from({ length: MAX_PAST_JOBS }, (_, number) => {
      return { ...past, attempt: number };
    });

    const batch = next(
      when(given('collecting', { claim: LIVE, attempt: 99, pastJobs }), collected(5, 5, 0)),
    );

    expect(batch.pastJobs).toHaveLength(MAX_PAST_JOBS);
    expect(batch.pastJobs[0]?.attempt).toBe(1);
    expect(batch.pastJobs.at(-1)?.attempt).toBe(99);
  });
});
