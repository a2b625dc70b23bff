import { describe, expect, it } from 'vitest';
import { EVENTS, EXPIRED, effects, given, LIVE, NOW, next, when } from '../../../support/given.ts';

const reason = { code: 'reset', message: 'connection reset' };

describe('claims', () => {
  it.each(['inspecting', 'submitting', 'collecting'] as const)(
    'claims %s under a fresh token, due again when the lease ends',
    (work) => {
      const claim = { token: 'fresh', leaseUntil: NOW + 5000 };
      const batch = next(when(given(work), { type: 'claimed', work, claim }));
      expect(batch).toMatchObject({ status: work, claim, dueAt: NOW + 5000 });
    },
  );

  it.each(['inspecting', 'submitting', 'collecting'] as const)(
    'leaves %s to the worker that has claimed it',
    (work) => {
      const decision = when(given(work, { claim: LIVE }), { ...EVENTS.claimed, work });
      expect(decision.type).toBe('ignored');
    },
  );

  it.each(['inspecting', 'collecting'] as const)(
    'lets a new claim on %s follow an expired one at once',
    (work) => {
      const decision = when(given(work, { claim: EXPIRED }), { ...EVENTS.claimed, work });
      expect(next(decision).claim?.token).toBe('new');
    },
  );

  it('never lets a claim on submitting follow another before that was reconciled, even an expired one', () => {
    const decision = when(given('submitting', { claim: EXPIRED }), {
      ...EVENTS.claimed,
      work: 'submitting',
    });
    expect(decision).toMatchObject({ type: 'ignored', why: expect.stringContaining('reconciled') });
  });

  it.each(['inspecting', 'submitting', 'collecting'] as const)(
    'recognises its own claim on %s when the reply of the write was lost',
    (work) => {
      const mine = given(work, { claim: LIVE });
      const decision = when(mine, { type: 'claimed', work, claim: { ...LIVE } });
      expect(decision).toEqual({ type: 'unchanged', effects: [] });
    },
  );

  it('ignores a claim on the work of another status', () => {
    for (const status of ['inspecting', 'submitting', 'collecting'] as const) {
      const work = status === 'inspecting' ? 'collecting' : 'inspecting';
      expect(when(given(status), { ...EVENTS.claimed, work }).type).toBe('ignored');
    }
  });

  it.each([
    'workFailed',
    'inspected',
    'inputRefused',
    'submitRefused',
    'submitUncertain',
    'collected',
    'jobAbsent',
  ] as const)('fences off %s of a superseded worker', (type) => {
    for (const status of ['inspecting', 'submitting', 'collecting'] as const) {
      const superseded = given(status, { claim: { ...LIVE, token: 'somebody else' } });
      expect(when(superseded, EVENTS[type]).type).toBe('ignored');
      expect(when(given(status), EVENTS[type]).type).toBe('ignored');
    }
  });
});

describe('work that no worker claimed', () => {
  it.each([
    ['inspecting', 'inspect'],
    ['submitting', 'submit'],
    ['collecting', 'collect'],
  ] as const)('is sent again for %s, later each time', (status, work) => {
    const first = when(given(status, { sends: 1 }), { type: 'due' });
    const second = when(given(status, { sends: 2 }), { type: 'due' });
    expect(first).toMatchObject({ effects: [{ type: 'sendWork', work }] });
    expect(next(first).sends).toBe(2);
    expect(next(first).dueAt).toBe(NOW + 240_000);
    expect(next(second).dueAt).toBe(NOW + 480_000);
  });

  it('is not sent while a worker has claimed it', () => {
    for (const status of ['inspecting', 'submitting', 'collecting'] as const) {
      expect(when(given(status, { claim: LIVE }), { type: 'due' }).type).toBe('ignored');
    }
  });
});

describe('work that failed', () => {
  it.each(['inspecting', 'collecting'] as const)(
    'releases the claim on %s and waits longer each time',
    (status) => {
      const event = { type: 'workFailed', token: 'mine', reason } as const;
      const batch = next(when(given(status, { claim: LIVE, failures: 2 }), event));
      expect(batch.claim).toBeUndefined();
      expect(batch).toMatchObject({ status, failures: 3, dueAt: NOW + 120_000, reasons: [reason] });
    },
  );

  it('keeps the last 20 reasons', () => {
    const reasons = Array.from({ length: 20 }, (_, i) => ({ code: 'c', message: `${i}` }));
    const event = { type: 'workFailed', token: 'mine', reason } as const;
    const batch = next(when(given('collecting', { claim: LIVE, reasons }), event));
    expect(batch.reasons).toHaveLength(20);
    expect(batch.reasons.at(0)?.message).toBe('1');
    expect(batch.reasons.at(-1)).toEqual({ ...reason, at: NOW, attempt: 1 });
  });

  it('ends an inspection that never succeeds at the maximum age', () => {
    const batch = next(when(given('inspecting', { deadlineAt: NOW }), { type: 'due' }));
    expect(batch).toMatchObject({ status: 'failed', reasons: [{ code: 'max_age' }] });
  });

  it('ends a collection that never succeeds a day after the maximum age', () => {
    const young = given('collecting', { deadlineAt: NOW - 86_399_000 });
    const old = given('collecting', { deadlineAt: NOW - 86_400_000 });
    expect(next(when(young, { type: 'due' })).status).toBe('collecting');
    expect(next(when(old, { type: 'due' }))).toMatchObject({
      status: 'failed',
      reasons: [{ code: 'collect_failed' }],
    });
    expect(effects(when(old, { type: 'due' }))).toEqual(['announce']);
  });
});
