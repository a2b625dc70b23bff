import { describe, expect, it } from 'vitest';
import {
  EVENTS,
  EXPIRED,
  effects,
  given,
  INPUT,
  LIVE,
  NOW,
  next,
  when,
} from '../../../support/given.ts';

const reason = { code: 'token_limit_exceeded', message: 'full' };
const claimed = given('submitting', { claim: LIVE });

describe('submitting', () => {
  it('records when a job may first have been created', () => {
    const event = { ...EVENTS.claimed, work: 'submitting' } as const;
    expect(next(when(given('submitting'), event)).claim).toMatchObject({ intentAt: NOW });
  });

  it('writes the job and the attempt in one step', () => {
    const decision = when(claimed, EVENTS.submitted);
    expect(next(decision)).toMatchObject({
      status: 'running',
      attempt: 1,
      job: { id: 'job_1' },
      dueAt: NOW,
    });
    expect(next(decision).claim).toBeUndefined();
    expect(effects(decision)).toEqual(['announce']);
  });

  it('records a job under its key from any source, so that no second one is created', () => {
    const superseded = given('submitting', { claim: { ...LIVE, token: 'somebody else' } });
    expect(next(when(superseded, EVENTS.submitted)).job?.id).toBe('job_1');
    expect(next(when(given('submitting'), EVENTS.submitted)).job?.id).toBe('job_1');
  });

  it('ignores a job of an earlier submission', () => {
    expect(when(given('submitting', { submission: 2 }), EVENTS.submitted).type).toBe('ignored');
  });

  it('cancels a job that was created after the batch was cancelled', () => {
    const decision = when(given('submitting', { cancelRequested: true }), EVENTS.submitted);
    expect(next(decision).status).toBe('running');
    expect(effects(decision)).toEqual(['cancelJob', 'announce']);
  });

  it.each([
    ['quota', 'coolDownProvider'],
    ['account', 'blockProvider'],
  ] as const)('waits out a refusal for %s without using an attempt or the key', (refusal, type) => {
    const decision = when(claimed, { type: 'submitRefused', token: 'mine', refusal, reason });
    expect(next(decision)).toMatchObject({ status: 'queued', attempt: 0, submission: 1 });
    expect(decision).toMatchObject({
      effects: [{ type, reason }, { type: 'announce' }],
    });
  });

  it('gives every request a row when the provider refuses the job for good', () => {
    const decision = when(claimed, EVENTS.submitRefused);
    expect(next(decision)).toMatchObject({
      status: 'collecting',
      attempt: 0,
      outcome: {
        kind: 'failed',
        files: [],
        refusal: 'permanent',
        reason: { code: 'invalid_request' },
      },
    });
  });

  it('retries with backoff what failed before a job could exist', () => {
    const decision = when(claimed, EVENTS.workFailed);
    expect(next(decision)).toMatchObject({
      status: 'retrying',
      attempt: 0,
      submission: 1,
      failures: 1,
      resumeAt: NOW + 30_000,
    });
    expect(decision).toMatchObject({
      effects: [{ type: 'sendRequeue', delaySeconds: 30, version: 8 }, { type: 'announce' }],
    });
  });

  it('keeps its claim when the reply was lost, as long as the job may be created late', () => {
    const uncertain = { type: 'submitUncertain', token: 'mine', reason } as const;
    const claim = { ...LIVE, leaseUntil: NOW + 900_000 };
    const batch = next(when(given('submitting', { claim }), uncertain));
    expect(batch).toMatchObject({
      status: 'submitting',
      claim: { token: 'mine', leaseUntil: NOW + 90_000, intentAt: LIVE.intentAt },
      dueAt: NOW + 90_000,
    });
    expect(next(when(claimed, uncertain)).claim?.leaseUntil).toBe(LIVE.leaseUntil);
  });

  it('submits again under the same key when a listing after the lease showed no job', () => {
    const decision = when(given('submitting', { claim: EXPIRED }), EVENTS.jobAbsent);
    expect(next(decision)).toMatchObject({ status: 'submitting', submission: 1 });
    expect(next(decision).claim).toBeUndefined();
    expect(effects(decision)).toEqual(['sendWork']);
  });

  it('ignores a listing taken during the lease', () => {
    expect(when(claimed, EVENTS.jobAbsent).type).toBe('ignored');
  });

  it.each([
    ['workFailed', EVENTS.workFailed],
    ['a quota refusal', { type: 'submitRefused', token: 'mine', refusal: 'quota', reason }],
  ] as const)('cancels after %s instead of trying again', (_, event) => {
    const cancelled = { ...claimed, cancelRequested: true };
    expect(next(when(cancelled, event)).outcome?.kind).toBe('cancelled');
    expect(next(when({ ...claimed, deadlineAt: NOW }, event)).outcome?.kind).toBe('deadline');
  });

  it('cancels after reconciling only', () => {
    expect(next(when(claimed, EVENTS.cancelRequested))).toMatchObject({
      status: 'submitting',
      cancelRequested: true,
    });
    const expired = given('submitting', { claim: EXPIRED, cancelRequested: true });
    expect(when(expired, { type: 'due' }).type).toBe('ignored');
    expect(next(when(expired, EVENTS.jobAbsent)).outcome?.kind).toBe('cancelled');
    expect(next(when(given('submitting'), EVENTS.cancelRequested)).outcome?.kind).toBe('cancelled');
  });
});

describe('submitting a batch that is to be split', () => {
  const splitting = given('submitting', {
    claim: LIVE,
    splitTo: { tokens: 12 },
    reasons: [reason],
  });

  it('splits it, and says why', () => {
    const batch = next(when(splitting, EVENTS.sliced));
    const { parts } = EVENTS.sliced;
    expect(batch).toMatchObject({ status: 'split', input: { parts }, submission: 1, dueAt: NOW });
    expect(batch.reasons).toMatchObject([reason, { code: 'split_to_limit' }]);
    expect(batch.splitTo).toBeUndefined();
  });

  it('starts with counts of its own if all of its requests run again', () => {
    const counts = { total: 10, succeeded: 0, failed: 10, unfinished: 0 };
    const batch = next(when({ ...splitting, counts }, EVENTS.sliced));
    expect(batch.counts).toEqual({ total: 10, succeeded: 0, failed: 0, unfinished: 10 });
  });

  it('takes the slices of the worker that has the claim, and none after the batch was cancelled', () => {
    expect(when(splitting, { ...EVENTS.sliced, token: 'other' }).type).toBe('ignored');
    const cancelled = next(when({ ...splitting, cancelRequested: true }, EVENTS.sliced));
    expect(cancelled).toMatchObject({ status: 'collecting', outcome: { kind: 'cancelled' } });
  });

  it('is sent to a worker again if the first one dies', () => {
    const lost = given('submitting', { claim: EXPIRED, splitTo: { tokens: 12 } });
    expect(next(when(lost, EVENTS.jobAbsent)).splitTo).toEqual({ tokens: 12 });
  });
});

describe('a single request that its provider refuses for quota', () => {
  const full = (limit?: number, of: 'tokens' | 'requests' = 'tokens') => ({
    ...reason,
    quota: { of, ...(limit === undefined ? {} : { limit }) },
  });
  const single = { input: { ...INPUT, requests: 1 } };
  const refused = (why: object, changes: object = single) =>
    next(
      when(given('submitting', { claim: LIVE, ...changes }), {
        type: 'submitRefused',
        token: 'mine',
        refusal: 'quota',
        reason: { ...reason, ...why },
      }),
    );

  it('ends with that reason if it is larger than the limit: it could never run', () => {
    expect(refused(full(24))).toMatchObject({
      status: 'collecting',
      outcome: {
        kind: 'failed',
        refusal: 'permanent',
        reason: {
          code: 'token_limit_exceeded',
          message:
            'the request has about 25 tokens, more than its provider ever takes of the model: full',
        },
      },
    });
  });

  it.each([
    ['it is not larger', full(25), single],
    ['the limit is not known', full(), single],
    ['the limit is one of requests', full(1, 'requests'), single],
    ['there are several requests, which are split', full(24), {}],
  ])('waits if %s', (_, why, changes) => {
    expect(refused(why, changes).status).toBe('queued');
  });

  describe('a job that no listing shows or rules out', () => {
    const DAY = 86_400_000;
    const { jobUnconfirmed } = EVENTS;
    const silent = { claim: EXPIRED, deadlineAt: NOW - DAY };

    it('ends the batch a day after it had to end, and says that the job may exist', () => {
      const { status, outcome } = next(when(given('submitting', silent), jobUnconfirmed));
      expect(status).toBe('collecting');
      expect(outcome).toMatchObject({ kind: 'deadline', reason: { code: 'job_unconfirmed' } });
      expect(outcome?.reason?.message).toContain('bh0123456789abcdef-1');
      expect(outcome?.reason?.message).toContain('no list');
    });

    it('ends a cancelled batch two days after the create call', () => {
      const old = { ...EXPIRED, leaseUntil: NOW - 2 * DAY };
      const cancelled = given('submitting', { claim: old, cancelRequested: true });
      expect(next(when(cancelled, jobUnconfirmed)).outcome?.kind).toBe('cancelled');
      const claim = { ...EXPIRED, leaseUntil: NOW - DAY };
      const recent = given('submitting', { claim, cancelRequested: true });
      expect(next(when(recent, jobUnconfirmed)).status).toBe('submitting');
    });

    it('is looked for again before that, with a growing backoff', () => {
      let batch = next(when(given('submitting', { claim: EXPIRED }), jobUnconfirmed));
      const waits = [batch.dueAt];
      for (let time = 0; time < 9; time++) {
        batch = next(when(batch, jobUnconfirmed));
        waits.push(batch.dueAt);
      }
      const minutes = waits.map((dueAt) => ((dueAt ?? 0) - NOW) / 60_000);
      expect(minutes).toEqual([4, 8, 16, 32, 60, 60, 60, 60, 60, 60]);
      expect(batch.claim).toEqual(EXPIRED);
      expect(when(batch, { ...jobUnconfirmed, isContinued: true }).type).toBe('ignored');
    });

    it('is looked for at once after a cancel', () => {
      const waiting = given('submitting', { claim: EXPIRED, dueAt: NOW + DAY });
      expect(next(when(waiting, EVENTS.cancelRequested)).dueAt).toBe(NOW);
    });

    it('is not taken for unconfirmed while its worker may live, or by another than the holder', () => {
      const live = given('submitting', { ...silent, claim: LIVE });
      expect(when(live, jobUnconfirmed).type).toBe('ignored');
      const other = given('submitting', { ...silent, claim: { ...EXPIRED, token: 'other' } });
      expect(when(other, jobUnconfirmed).type).toBe('ignored');
    });
  });
});
