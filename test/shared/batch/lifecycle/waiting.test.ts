import { describe, expect, it } from 'vitest';
import { EVENTS, effects, given, LIVE, NOW, next, when } from '../../../support/given.ts';

describe('inspecting', () => {
  const claimed = given('inspecting', { claim: LIVE });

  it('queues an input that is good', () => {
    expect(next(when(claimed, EVENTS.inspected))).toMatchObject({
      status: 'queued',
      input: { endpoint: '/v1/e', model: 'm' },
      counts: { total: 10, succeeded: 0, failed: 0, unfinished: 10 },
    });
  });

  it('parks it until its time', () => {
    const until = (notBefore: number) => given('inspecting', { claim: LIVE, spec: { notBefore } });
    const parked = next(when(until(NOW + 86_400_000), EVENTS.inspected));
    expect(parked).toMatchObject({
      status: 'retrying',
      resumeAt: NOW + 86_400_000,
      dueAt: NOW + 85_500_000,
    });
    expect(next(when(until(NOW - 1), EVENTS.inspected)).status).toBe('queued');
  });

  it('fails with the reasons of a bad one, before anything is sent', () => {
    const decision = when(claimed, EVENTS.inputRefused);
    expect(next(decision)).toMatchObject({
      status: 'failed',
      attempt: 0,
      reasons: [{ code: 'empty_file' }],
      inputErrorsKey: 'batches/b1/t/input-errors.jsonl',
    });
    expect(effects(decision)).toEqual(['announce']);
  });

  it('gives the requests of a cancelled batch their rows', () => {
    const batch = next(when({ ...claimed, cancelRequested: true }, EVENTS.inspected));
    expect(batch).toMatchObject({
      status: 'collecting',
      outcome: { kind: 'cancelled' },
      input: { requests: 10 },
    });
    expect(next(when(given('inspecting', { cancelRequested: true }), { type: 'due' })).status).toBe(
      'cancelled',
    );
  });
});

describe('split', () => {
  it('is collected when its parts have ended, if they have not run again since', () => {
    const batch = given('split', { retries: 1 });
    expect(next(when(batch, { type: 'partsEnded', retries: 1 })).status).toBe('collecting');
    expect(when(batch, { type: 'partsEnded', retries: 0 }).type).toBe('ignored');
  });

  it('ends with the rows that its parts have, if some do not end in time', () => {
    const late = given('split', { deadlineAt: NOW - 2 * 86_400_000 });
    expect(next(when(late, { type: 'due' }))).toMatchObject({
      status: 'collecting',
      outcome: { kind: 'deadline' },
      reasons: [{ code: 'parts_lost' }],
    });
    expect(when(given('split'), { type: 'due' }).type).toBe('ignored');
  });
});

describe('queued', () => {
  it('starts when it is admitted', () => {
    const decision = when(given('queued'), EVENTS.admitted);
    expect(next(decision)).toMatchObject({ status: 'submitting', sends: 1, dueAt: NOW + 120_000 });
    expect(decision).toMatchObject({
      effects: [{ type: 'sendWork', work: 'submit' }, { type: 'announce' }],
    });
  });

  it('ends with the rows that it has after its deadline', () => {
    expect(next(when(given('queued', { deadlineAt: NOW }), { type: 'due' })).outcome?.kind).toBe(
      'deadline',
    );
    expect(when(given('queued'), { type: 'due' }).type).toBe('ignored');
  });

  it('says after its deadline what it waited for', () => {
    const reasons = [{ code: 'token_limit_exceeded', message: 'Limit: 90,000' }];
    const batch = next(when(given('queued', { deadlineAt: NOW, reasons }), { type: 'due' }));
    expect(batch.outcome?.reason?.message).toContain('while it waited after this: Limit: 90,000');
    expect(batch.reasons).toMatchObject([{ code: 'token_limit_exceeded' }, { code: 'max_age' }]);
  });

  describe('and larger than its provider takes', () => {
    const splitTo = { tokens: 10 };
    const event = { type: 'admitted', splitTo } as const;

    it('is given to a worker that splits it', () => {
      expect(next(when(given('queued'), event))).toMatchObject({ status: 'submitting', splitTo });
    });

    it('is not split if some of its requests have finished, which its parts would send again', () => {
      const counts = { total: 10, succeeded: 1, failed: 0, unfinished: 9 };
      expect(when(given('queued', { counts }), event).type).toBe('ignored');
      const retried = { counts: { ...counts, succeeded: 0, failed: 1 } };
      expect(when(given('queued', retried), event).type).toBe('ignored');
      const all = given('queued', { ...retried, selection: 'unsucceeded' });
      expect(next(when(all, event)).status).toBe('submitting');
    });
  });
});

describe('split', () => {
  const HOUR = 3_600_000;
  it.each([
    ['b1', 48],
    ['b1/1', 24 * 1.4],
    ['b1/1/1', 24 * 1.16],
  ])('of %s gives its parts up before its parent does so with it', (batchId, hours) => {
    const at = (late: number) =>
      given('split', { batchId, deadlineAt: NOW - hours * HOUR - late, dueAt: NOW });
    expect(when(at(-1000), { type: 'due' }).type).toBe('ignored');
    expect(next(when(at(1000), { type: 'due' })).status).toBe('collecting');
  });
});

describe('retrying', () => {
  it('queues at the version of the wait only', () => {
    expect(next(when(given('retrying'), EVENTS.requeued)).status).toBe('queued');
    expect(when(given('retrying'), { type: 'requeued', version: 6 }).type).toBe('ignored');
  });

  it('sends the message once 15 minutes or less are left, valid for the version that it writes', () => {
    const decision = when(given('retrying', { resumeAt: NOW + 600_000 }), { type: 'due' });
    expect(decision).toMatchObject({
      effects: [{ type: 'sendRequeue', delaySeconds: 600, version: 8 }],
    });
    expect(next(decision)).toMatchObject({ version: 8, sends: 2, dueAt: NOW + 600_000 + 480_000 });
  });

  it('sends it again when it counts as lost', () => {
    const decision = when(given('retrying', { resumeAt: NOW - 60_000 }), { type: 'due' });
    expect(decision).toMatchObject({ effects: [{ type: 'sendRequeue', delaySeconds: 0 }] });
  });

  it('ends with the rows that it has after its deadline or when it is cancelled', () => {
    expect(next(when(given('retrying', { deadlineAt: NOW }), { type: 'due' })).outcome?.kind).toBe(
      'deadline',
    );
    expect(next(when(given('retrying', { deadlineAt: NOW }), EVENTS.requeued)).outcome?.kind).toBe(
      'deadline',
    );
    expect(next(when(given('retrying'), EVENTS.cancelRequested)).outcome?.kind).toBe('cancelled');
  });
});
