import { describe, expect, it } from 'vitest';
import type { JobState, Outcome, Timing } from '../../../../shared/batch/job.ts';
import { EVENTS, effects, given, INPUT, NOW, next, when } from '../../../support/given.ts';

const TIMING = { completionHours: 24, progressHours: 24 };
const checked = (job: JobState, timing: Timing = TIMING) =>
  ({ type: 'jobChecked', jobId: 'job_1', job, timing }) as const;
const ended = (outcome: Outcome) => checked({ state: 'ended', outcome });
const HOUR = 3_600_000;
const reason = { code: 'token_limit_exceeded', message: 'full' };

describe('running', () => {
  it.each(['completed', 'expired', 'cancelled', 'failed'] as const)(
    'collects the output of a job that is %s',
    (kind) => {
      const outcome: Outcome = { kind, jobId: 'job_1', files: ['file-1'], reason };
      const decision = when(given('running'), ended(outcome));
      expect(next(decision)).toMatchObject({
        status: 'collecting',
        outcome,
        reasons: [reason],
        job: { id: 'job_1' },
      });
      expect(decision).toMatchObject({
        effects: [{ type: 'sendWork', work: 'collect' }, { type: 'announce' }],
      });
    },
  );

  it('costs no write while the job goes on', () => {
    expect(when(given('running'), EVENTS.jobChecked).type).toBe('ignored');
    expect(when(given('running'), checked({ state: 'unknown', status: 'weird' })).type).toBe(
      'ignored',
    );
    expect(when(given('running'), checked({ state: 'missing' })).type).toBe('ignored');
  });

  it('records once that the provider has accepted the job, when it is no longer pending there', () => {
    const fresh = given('running', { job: { id: 'job_1', submission: 1, submittedAt: NOW - 9 } });
    expect(when(fresh, checked({ state: 'running', isPending: true })).type).toBe('ignored');
    const accepted = next(when(fresh, checked({ state: 'running', progress: 0 })));
    expect(accepted.job?.acceptedAt).toBe(NOW);
    expect(when(accepted, checked({ state: 'running', progress: 0 })).type).toBe('ignored');
  });

  it('records a progress that a record can hold, whatever the provider counts', () => {
    const before = given('running', { job: { id: 'job_1', submission: 1, submittedAt: 1 } });
    const progress = Number.POSITIVE_INFINITY;
    const after = next(when(before, checked({ state: 'running', progress })));
    expect(after.job?.progress).toBe(Number.MAX_SAFE_INTEGER);
  });

  it.each([
    ['quota', 'coolDownProvider'],
    ['account', 'blockProvider'],
  ] as const)('uses no attempt and a new key when the job was refused for %s', (refusal, type) => {
    const decision = when(
      given('running'),
      ended({ kind: 'failed', jobId: 'job_1', files: [], refusal, reason }),
    );
    expect(next(decision)).toMatchObject({ status: 'queued', attempt: 0, submission: 2 });
    expect(next(decision).job).toBeUndefined();
    expect(decision).toMatchObject({
      effects: [{ type }, { type: 'announce' }, { type: 'deleteProviderFiles' }],
    });
  });

  it('ends with a row for a single request that is larger than the limit of its provider', () => {
    const single = given('running', { input: { ...INPUT, requests: 1 } });
    const quota = { of: 'tokens', limit: 24 } as const;
    const outcome: Outcome = {
      kind: 'failed',
      files: [],
      refusal: 'quota',
      reason: { ...reason, quota },
    };
    expect(next(when(single, ended(outcome)))).toMatchObject({
      status: 'collecting',
      outcome: { kind: 'failed', refusal: 'permanent', jobId: 'job_1' },
    });
  });

  it('says so when the provider refused without a reason', () => {
    const decision = when(given('running'), ended({ kind: 'failed', files: [], refusal: 'quota' }));
    expect(next(decision).reasons).toMatchObject([{ code: 'quota' }]);
  });

  it('collects the output of a refused job that has any', () => {
    const outcome: Outcome = { kind: 'failed', files: ['file-1'], refusal: 'quota' };
    expect(next(when(given('running'), ended(outcome))).status).toBe('collecting');
    const unnamed: Outcome = { kind: 'failed', files: [], answered: 1, refusal: 'quota' };
    expect(next(when(given('running'), ended(unnamed))).status).toBe('collecting');
  });

  it('ignores the state of another job', () => {
    expect(when(given('running'), { ...EVENTS.jobChecked, jobId: 'job_2' }).type).toBe('ignored');
  });

  it.each([
    ['cancelled', { cancelRequested: true }],
    ['too old', { deadlineAt: NOW }],
  ] as const)(
    'cancels the job of a batch that is %s until the provider reports its end',
    (_, changes) => {
      const batch = given('running', changes);
      const cancelled = { type: 'unchanged', effects: [{ type: 'cancelJob', jobId: 'job_1' }] };
      expect(when(batch, EVENTS.jobChecked)).toEqual(cancelled);
      // "No such job" may be temporary: a job that is abandoned too early is charged for and never collected.
      expect(when(batch, checked({ state: 'missing' }))).toEqual(cancelled);
    },
  );

  it('abandons a job that has not ended a day after the deadline', () => {
    const old = given('running', { deadlineAt: NOW - 86_400_000 });
    for (const state of [EVENTS.jobChecked.job, { state: 'missing' } as const]) {
      expect(next(when(old, checked(state)))).toMatchObject({
        status: 'collecting',
        outcome: { kind: 'deadline', jobId: 'job_1', reason: { code: 'job_abandoned' } },
      });
    }
  });

  it('says of a job that is abandoned what was last known of it, and that it may still run', () => {
    const old = given('running', { deadlineAt: NOW - 86_400_000 });
    for (const [state, seen] of [
      [{ state: 'running' }, 'running'],
      [{ state: 'missing' }, 'not found'],
      [{ state: 'unknown', status: 'a gateway page' }, 'a gateway page'],
    ] as const) {
      const { outcome, reasons } = next(when(old, checked(state)));
      expect(outcome?.reason).toMatchObject({ code: 'job_abandoned' });
      expect(outcome?.reason?.message).toContain('job_1');
      expect(outcome?.reason?.message).toContain(seen);
      expect(reasons).toEqual([{ ...outcome?.reason, at: NOW, attempt: 1 }]);
    }
  });

  it('sends one cancel an hour, however often the job is checked', () => {
    const batch = given('running', { cancelRequested: true });
    const cancelled = next(when(batch, EVENTS.cancelSent));
    expect(cancelled.job).toMatchObject({ cancelledAt: NOW, cancelSentAt: NOW });
    expect(when(cancelled, EVENTS.jobChecked, { now: NOW + HOUR - 1 }).type).toBe('ignored');
    const later = { now: NOW + HOUR };
    expect(effects(when(cancelled, EVENTS.jobChecked, later))).toEqual(['cancelJob']);
    const again = next(when(cancelled, EVENTS.cancelSent, later));
    expect(again.job).toMatchObject({ cancelledAt: NOW, cancelSentAt: NOW + HOUR });
    expect(when(again, EVENTS.jobChecked, later).type).toBe('ignored');
  });

  it('takes no notice of the cancel of another job', () => {
    expect(when(given('running'), { type: 'cancelSent', jobId: 'job_2' }).type).toBe('ignored');
  });

  it('gives up a job of a cancelled batch that has not ended a day after its cancel', () => {
    const sent = given('running', { cancelRequested: true });
    const cancelled = next(when(sent, EVENTS.cancelSent));
    expect(when(cancelled, EVENTS.jobChecked, { now: NOW + 24 * HOUR - 1 }).type).not.toBe(
      'ignored',
    );
    const decision = when(cancelled, EVENTS.jobChecked, { now: NOW + 24 * HOUR });
    const code = 'job_abandoned';
    expect(next(decision)).toMatchObject({
      status: 'collecting',
      outcome: { kind: 'deadline', jobId: 'job_1', reason: { code } },
      reasons: [{ code, message: expect.stringContaining('job_1') }],
    });
  });

  it('does not give up a stalled job before the deadline, since the rest runs again', () => {
    const job = { id: 'job_1', submission: 1, submittedAt: NOW, stalledAt: NOW, cancelledAt: NOW };
    const stalled = given('running', { job });
    const later = { now: NOW + 48 * HOUR };
    expect(effects(when(stalled, EVENTS.jobChecked, later))).toEqual(['cancelJob']);
  });

  it('is due at once when the user cancels it', () => {
    const decision = when(given('running'), EVENTS.cancelRequested);
    expect(next(decision)).toMatchObject({ status: 'running', cancelRequested: true, dueAt: NOW });
    expect(effects(decision)).toEqual([]);
  });
});

describe('a job that is stalled', () => {
  const job = (changes: object) => ({
    id: 'job_1',
    submission: 1,
    submittedAt: NOW - HOUR,
    ...changes,
  });
  const running = (changes: object) =>
    given('running', { job: job({ acceptedAt: NOW - 30 * HOUR, ...changes }) });
  const progress = (done: number) => checked({ state: 'running', progress: done });

  it.each([
    [
      'is an hour past its completion window',
      { submittedAt: NOW - 25 * HOUR, progress: 5, progressAt: NOW - HOUR },
      ['24 hours and 1 more', new Date(NOW - 25 * HOUR).toISOString()],
    ],
    [
      'has finished requests, and then none for a day',
      { submittedAt: NOW - 24.5 * HOUR, progress: 5, progressAt: NOW - 24 * HOUR },
      ['no request since', new Date(NOW - 24 * HOUR).toISOString()],
    ],
  ])('%s', (_, changes, said) => {
    const decision = when(running(changes), progress(5));
    const [reason] = next(decision).reasons;
    expect(next(decision)).toMatchObject({ status: 'running', job: { stalledAt: NOW } });
    expect(reason?.code).toBe('job_stalled');
    for (const text of said) expect(reason?.message).toContain(text);
    expect(effects(decision)).toEqual(['reportStall', 'cancelJob']);
  });

  it('is none that has finished no request yet: it may only be waiting to begin', () => {
    const silent = running({ submittedAt: NOW - 24.9 * HOUR });
    expect(when(silent, progress(0)).type).toBe('ignored');
    expect(when(silent, checked({ state: 'running', isPending: true })).type).toBe('ignored');
  });

  it('is none where the provider gives its jobs longer, or never ends one', () => {
    const old = running({ submittedAt: NOW - 40 * HOUR, progress: 5, progressAt: NOW - 30 * HOUR });
    const state = { state: 'running', progress: 5 } as const;
    expect(when(old, checked(state, { completionHours: 48 })).type).toBe('ignored');
    expect(when(old, checked(state, {})).type).toBe('ignored');
    expect(next(when(old, checked(state, { progressHours: 24 }))).job?.stalledAt).toBe(NOW);
  });

  it('is none at an entry that no longer exists: only the age of its batch ends it', () => {
    const event = { type: 'jobChecked', jobId: 'job_1', timing: undefined } as const;
    const old = running({ submittedAt: NOW - 40 * HOUR });
    expect(when(old, { ...event, job: { state: 'missing' } }).type).toBe('ignored');
  });

  it.each([{ state: 'missing' }, { state: 'unknown', status: 'weird' }] as const)(
    'is past its window, whatever is known of it ($state)',
    (state) => {
      const silent = running({ submittedAt: NOW - 24.5 * HOUR });
      expect(when(silent, checked(state)).type).toBe('ignored');
      const late = when(running({ submittedAt: NOW - 25 * HOUR }), checked(state));
      expect(next(late).job?.stalledAt).toBe(NOW);
      expect(effects(late)).toEqual(['reportStall', 'cancelJob']);
    },
  );

  it('has not made progress just now', () => {
    const slow = running({
      submittedAt: NOW - 24.5 * HOUR,
      progress: 5,
      progressAt: NOW - 23 * HOUR,
    });
    expect(next(when(slow, progress(6))).job).toMatchObject({ progress: 6, progressAt: NOW });
  });

  it('has its progress recorded from time to time, not at every check', () => {
    expect(when(running({}), progress(5)).type).toBe('ignored');
    expect(when(running({ submittedAt: NOW - 3 * HOUR }), progress(0)).type).toBe('ignored');
    expect(next(when(running({ submittedAt: NOW - 3 * HOUR }), progress(5))).job?.progress).toBe(5);
  });

  it('is cancelled until it ends, and then the rest runs again', () => {
    const stalled = running({ stalledAt: NOW - 1 });
    expect(effects(when(stalled, progress(5)))).toEqual(['cancelJob']);
    const cancelled = ended({ kind: 'cancelled', jobId: 'job_1', files: [] });
    expect(next(when(stalled, cancelled)).outcome?.kind).toBe('expired');
  });
});
