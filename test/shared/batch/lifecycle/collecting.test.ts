import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../../shared/batch/job.ts';
import { isSalvageDue } from '../../../../shared/batch/lifecycle/collecting.ts';
import { DEFAULT_POLICY as policy } from '../../../../shared/batch/policy.ts';
import {
  EVENTS,
  effects,
  given,
  INPUT,
  LIVE,
  NOW,
  next,
  SLICES,
  when,
} from '../../../support/given.ts';

const claimed = given('collecting', { claim: LIVE });
const usage = { inputTokens: 10, outputTokens: 20, totalTokens: 30 };
const counts = (succeeded: number, failed: number, unfinished: number) => ({
  ...EVENTS.collected,
  counts: { total: succeeded + failed + unfinished, succeeded, failed, unfinished },
});

describe('collecting', () => {
  it('delivers when every request has its end and one succeeded', () => {
    const decision = when(claimed, counts(9, 1, 0));
    expect(next(decision)).toMatchObject({
      status: 'delivering',
      counts: { total: 10, succeeded: 9, failed: 1, unfinished: 0 },
      usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
      delivery: { number: 1, attempt: 1, invocations: 1, pending: true },
      // 15 min in Lambda's queue, 15 min of the processor, 30 s of margin.
      dueAt: NOW + 1_830_000,
    });
    expect(effects(decision)).toEqual(['invokeProcessor', 'announce', 'deleteProviderFiles']);
  });

  it('fails when none succeeded, with the rows kept', () => {
    const batch = next(when(claimed, counts(0, 10, 0)));
    expect(batch).toMatchObject({ status: 'failed', rows: EVENTS.collected.rows, endedAt: NOW });
    expect(batch.reasons.at(-1)?.code).toBe('no_success');
  });

  it('runs only the unfinished again, under a new key, after a backoff', () => {
    const batch = next(when(claimed, counts(5, 1, 4)));
    expect(batch).toMatchObject({
      status: 'retrying',
      submission: 2,
      attempt: 1,
      resumeAt: NOW + 30_000,
      selection: 'unfinished',
    });
    expect(batch.job).toBeUndefined();
  });

  it('waits longer after each attempt', () => {
    const third = given('collecting', { claim: LIVE, attempt: 3 });
    expect(next(when(third, counts(5, 1, 4))).resumeAt).toBe(NOW + 120_000);
  });

  it('keeps a wait of over 15 minutes in the record until that much is left', () => {
    const later = given('collecting', { claim: LIVE, attempt: 9, attemptBase: 5 });
    const decision = when(later, counts(5, 1, 4), {
      random: 0.99,
      policy: { ...policy, retryBackoff: { baseSeconds: 3600, capSeconds: 3600 } },
    });
    expect(next(decision)).toMatchObject({ resumeAt: NOW + 3_564_000, dueAt: NOW + 2_664_000 });
    expect(effects(decision)).toEqual(['announce', 'deleteProviderFiles']);
  });

  it('delivers the rows that exist when the attempts are used up', () => {
    expect(next(when({ ...claimed, attempt: 5 }, counts(5, 1, 4))).status).toBe('delivering');
    expect(next(when({ ...claimed, attempt: 5 }, counts(0, 1, 9))).status).toBe('failed');
    expect(next(when({ ...claimed, attempt: 5, attemptBase: 4 }, counts(5, 1, 4))).status).toBe(
      'retrying',
    );
  });

  it('delivers the rows that exist when the deadline has passed', () => {
    expect(next(when({ ...claimed, deadlineAt: NOW }, counts(5, 1, 4))).status).toBe('delivering');
  });

  it('keeps the rows of a cancelled batch and delivers nothing', () => {
    const batch = next(when({ ...claimed, cancelRequested: true }, counts(10, 0, 0)));
    expect(batch).toMatchObject({ status: 'cancelled', rows: EVENTS.collected.rows });
  });

  it('is cancelled when somebody cancelled the job at the provider, unless all was done', () => {
    const cancelled = { ...claimed, outcome: { kind: 'cancelled' as const, files: ['f'] } };
    expect(next(when(cancelled, counts(5, 0, 5))).status).toBe('cancelled');
    expect(next(when(cancelled, counts(10, 0, 0))).status).toBe('delivering');
  });

  it.each([
    ['quota', 'coolDownProvider'],
    ['account', 'blockProvider'],
  ] as const)('uses no attempt when the job was refused for %s', (refusal, type) => {
    const refused = { ...claimed, outcome: { kind: 'failed' as const, files: ['f'], refusal } };
    const decision = when(refused, counts(5, 0, 5));
    expect(next(decision).attempt).toBe(0);
    expect(effects(decision)).toContain(type);
  });

  it('uses no attempt when the rows say that the account cannot pay', () => {
    const accountRefusal = { code: 'account_refused', message: 'credit balance is too low' };
    const decision = when(claimed, { ...counts(5, 0, 5), accountRefusal });
    const batch = next(decision);
    expect(batch).toMatchObject({ status: 'retrying', attempt: 0, submission: 2 });
    expect(batch.reasons.at(-1)).toEqual({ ...accountRefusal, at: NOW, attempt: 1 });
    expect(effects(decision)).toContain('blockProvider');
  });

  describe('counts what the job has cost towards the budget', () => {
    const spent = (batch: typeof claimed, cost?: number) => {
      const decision = when(batch, { ...counts(9, 1, 0), cost });
      const noted = 'effects' in decision ? decision.effects : [];
      return noted.find((effect) => effect.type === 'noteSpent');
    };
    const input = { ...INPUT, estimatedCost: 4 };
    const estimated = given('collecting', { claim: LIVE, input });

    it('once, before anything slow', () => {
      expect(spent(estimated, 3)).toEqual({ type: 'noteSpent', amount: 3 });
      const decision = when(estimated, { ...counts(9, 1, 0), cost: 3 });
      expect(effects(decision)).toEqual([
        'noteSpent',
        'invokeProcessor',
        'announce',
        'deleteProviderFiles',
      ]);
    });

    it('with the estimate if the rows do not show the cost, and not at all if it is 0', () => {
      expect(spent(estimated)).toEqual({ type: 'noteSpent', amount: 4 });
      expect(spent(claimed)).toBeUndefined();
      expect(spent(estimated, 0)).toBeUndefined();
    });

    it('but not what its parts have counted', () => {
      const parent = given('collecting', {
        claim: LIVE,
        input: { ...input, parts: SLICES },
        usage,
        cost: 7,
      });
      expect(spent(parent, 3)).toBeUndefined();
      expect(next(when(parent, { ...counts(9, 1, 0), cost: 3 }))).toMatchObject({
        usage: EVENTS.collected.usage,
        cost: 3,
      });
    });
  });

  it('adds up tokens and cost, and knows no cost if one is not known', () => {
    const before = given('collecting', {
      claim: LIVE,
      usage: { ...usage, cachedTokens: 1 },
      cost: 2,
    });
    const event = counts(9, 1, 0);
    const cached = { ...event, usage: { ...event.usage, cachedTokens: 4 }, cost: 3 };
    expect(next(when(before, cached))).toMatchObject({
      usage: { inputTokens: 11, outputTokens: 22, totalTokens: 33, cachedTokens: 5 },
      cost: 5,
    });
    expect(next(when(before, event))).not.toHaveProperty('cost');
    const { cost: _, ...unknown } = before;
    expect(next(when(unknown, cached))).not.toHaveProperty('cost');
  });

  it('runs again only what stays within maxCost', () => {
    const input = { ...INPUT, estimatedCost: 10 };
    const bounded = given('collecting', { claim: LIVE, input, spec: { maxCost: 10 } });
    const costing = (cost: number, succeeded = 6) =>
      next(when(bounded, { ...counts(succeeded, 0, 10 - succeeded), cost }));
    expect(costing(6).status).toBe('retrying');
    expect(costing(6.1)).toMatchObject({ status: 'delivering', reasons: [{ code: 'max_cost' }] });
    expect(costing(0.1, 0)).toMatchObject({
      status: 'failed',
      reasons: [{ code: 'max_cost' }, { code: 'no_success' }],
    });
  });
});

describe('an output that cannot be read', () => {
  const HOUR = 3_600_000;
  const reason = { code: 'not_found', message: 'no such file' };
  const failed = (failure: 'missing' | 'forbidden' | 'transient' | 'account' | undefined) =>
    ({ type: 'workFailed', token: 'mine', reason, ...(failure ? { failure } : {}) }) as const;
  const isSalvage = (changes: Parameters<typeof given>[1], now = NOW) =>
    isSalvageDue(given('collecting', changes), { policy, now });

  it('counts failures of the same kind, from the first on', () => {
    const first = { code: 'not_found', isDefinite: true, times: 1, since: NOW };
    expect(next(when(claimed, failed('missing'))).unread).toEqual(first);
    expect(next(when(claimed, failed('forbidden'))).unread).toEqual(first);
    const again = given('collecting', { claim: LIVE, unread: { ...first, since: 7 } });
    expect(next(when(again, failed('transient'))).unread).toEqual({
      ...{ code: 'not_found', isDefinite: false, times: 2, since: 7 },
    });
    const other = { code: 'reset', isDefinite: false, times: 9, since: 7 };
    const afterOther = given('collecting', { claim: LIVE, unread: other });
    expect(next(when(afterOther, failed('missing'))).unread).toEqual(first);
  });

  it.each(['account', undefined] as const)(
    'is not what failed if it was %s: the account or the handler itself',
    (failure) => {
      expect(next(when(claimed, failed(failure))).unread).toBeUndefined();
    },
  );

  it('is waited for an hour if it is missing for certain, for 50 failures if it may pass', () => {
    const missing = { code: 'not_found', isDefinite: true, times: 3, since: NOW };
    expect(isSalvage({})).toBe(false);
    expect(isSalvage({ unread: missing }, NOW + HOUR - 1)).toBe(false);
    expect(isSalvage({ unread: missing }, NOW + HOUR)).toBe(true);
    const broken = { code: 'reset', isDefinite: false, times: 49, since: NOW };
    expect(isSalvage({ unread: broken }, NOW + 20 * HOUR)).toBe(false);
    expect(isSalvage({ unread: { ...broken, times: 50 } })).toBe(true);
  });

  it('is waited for until half a day after the maximum age', () => {
    expect(isSalvage({ deadlineAt: NOW - 12 * HOUR + 1 })).toBe(false);
    expect(isSalvage({ deadlineAt: NOW - 12 * HOUR })).toBe(true);
  });

  it('has files that stay at the provider', () => {
    const unread = { code: 'unreadable_row', message: 'one row' };
    const batch = next(when(claimed, { ...counts(9, 1, 0), unread }));
    expect(batch.jobsToDelete).toEqual([]);
    expect(batch.reasons).toEqual([{ ...unread, at: NOW, attempt: 1 }]);
  });
});

describe('a collection that never succeeds', () => {
  const old = { deadlineAt: NOW - 86_400_000, counts: counts(4, 0, 6).counts, cost: 1 };
  const rows = { results: 'r', errors: 'e' };

  it('ends with the rows of earlier jobs, which are delivered', () => {
    expect(next(when(given('collecting', { ...old, rows }), { type: 'due' }))).toMatchObject({
      status: 'delivering',
      rows,
      counts: { succeeded: 4, unfinished: 6 },
      reasons: [{ code: 'collect_failed' }],
    });
  });

  it('does not know the cost of its job; without a job there is none', () => {
    expect(next(when(given('collecting', old), { type: 'due' })).cost).toBeUndefined();
    const outcome: Outcome = { kind: 'deadline', files: [] };
    expect(next(when(given('collecting', { ...old, outcome }), { type: 'due' })).cost).toBe(1);
  });

  it('is cancelled if its user has asked for that', () => {
    const cancelled = given('collecting', { ...old, rows, cancelRequested: true });
    expect(next(when(cancelled, { type: 'due' }))).toMatchObject({ status: 'cancelled', rows });
  });
});
