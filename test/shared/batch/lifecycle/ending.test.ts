import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../../../shared/batch/policy.ts';
import type { Batch, BatchFields } from '../../../../shared/batch/record.ts';
import { EVENTS, effects, given, LIVE, NOW, next, when } from '../../../support/given.ts';

const waiting = { number: 1, attempt: 1, invocations: 1, pending: false };

describe('delivering', () => {
  it('completes when the processor succeeded, whichever invocation it was', () => {
    expect(next(when(given('delivering'), EVENTS.delivered)).status).toBe('completed');
    const other = { type: 'delivered', deliveryId: 'bh0123456789abcdef-delivery-2' } as const;
    expect(when(given('delivering'), other).type).toBe('ignored');
  });

  it('invokes the processor again under the same delivery id after a backoff', () => {
    const failed = next(when(given('delivering'), EVENTS.deliveryFailed));
    expect(failed).toMatchObject({ status: 'delivering', delivery: waiting, dueAt: NOW + 30_000 });
    const again = when(failed, { type: 'due' }, { now: NOW + 30_000 });
    expect(next(again).delivery).toEqual({ number: 1, attempt: 2, invocations: 2, pending: true });
    expect(effects(again)).toEqual(['invokeProcessor']);
  });

  it('counts a failure once, and only that of the pending invocation', () => {
    const second = given('delivering', { delivery: { ...waiting, attempt: 2, pending: true } });
    expect(when(second, EVENTS.deliveryFailed).type).toBe('ignored');
    expect(when(given('delivering', { delivery: waiting }), EVENTS.deliveryFailed).type).toBe(
      'ignored',
    );
  });

  it('counts an outcome that never arrived as a failure', () => {
    const batch = next(when(given('delivering'), { type: 'due' }));
    expect(batch).toMatchObject({
      status: 'delivering',
      delivery: waiting,
      reasons: [{ code: 'delivery_lost' }],
    });
  });

  it('fails with its rows kept when the deliveries are used up', () => {
    const last = given('delivering', { delivery: { ...waiting, attempt: 5, pending: true } });
    const batch = next(when(last, { ...EVENTS.deliveryFailed, deliveryAttempt: 5 }));
    expect(batch).toMatchObject({ status: 'failed', reasons: [{ code: 'processor_failed' }] });
    expect(batch.rows).toBeDefined();
    expect(next(when(batch, EVENTS.delivered)).status).toBe('completed');
  });

  it('is cancelled instead of being delivered again', () => {
    const cancelled = next(when(given('delivering'), EVENTS.cancelRequested));
    expect(cancelled).toMatchObject({ status: 'delivering', cancelRequested: true });
    expect(next(when(cancelled, EVENTS.deliveryFailed)).status).toBe('cancelled');
    expect(next(when(cancelled, EVENTS.delivered)).status).toBe('completed');
  });
});

describe('an ended batch', () => {
  it.each(['completed', 'failed', 'cancelled'] as const)(
    'that is %s stays due until its event was sent',
    (status) => {
      const owing = given(status);
      expect(effects(when(owing, { type: 'due' }))).toEqual(['announce']);
      const sent = next(when(owing, EVENTS.endEventSent));
      expect(sent.dueAt).toBe(NOW + 7 * 86_400_000);
      expect(when(sent, { type: 'due' }).type).toBe('ignored');
      expect(when(sent, EVENTS.endEventSent).type).toBe('ignored');
    },
  );

  it('whose event bus is missing tries it again with a backoff of up to an hour', () => {
    let batch: Batch = given('failed', { sends: 0 });
    let now = NOW;
    const waits = Array.from({ length: 9 }, () => {
      batch = next(when(batch, { type: 'due' }, { now }));
      const { dueAt = 0 }: BatchFields = batch;
      const wait = dueAt - now;
      now = dueAt;
      return wait;
    });
    expect(waits.slice(0, 3)).toEqual([120_000, 240_000, 480_000]);
    expect(waits.at(-1)).toBe(3_600_000);
    expect(next(when(batch, EVENTS.endEventSent)).dueAt).toBe(NOW + 7 * 86_400_000);
  });

  it('whose event bus is missing deletes its files at the provider all the same', () => {
    const owing = given('completed', { jobsToDelete: ['job-1'] });
    expect(effects(when(owing, { type: 'due' }))).toEqual(['announce', 'deleteProviderFiles']);
    const keeping = { ...DEFAULT_POLICY, cleanUpFiles: false };
    expect(effects(when(owing, { type: 'due' }, { policy: keeping }))).toEqual(['announce']);
  });

  it('does not mistake the event of an earlier end for that of this one', () => {
    expect(when(given('failed', { statusAt: NOW }), EVENTS.endEventSent).type).toBe('ignored');
  });

  it('runs again what failed, under a new key, with attempts and time of its own', () => {
    const batch = next(
      when(given('completed', { attempt: 3, cancelRequested: true }), EVENTS.retryRequested),
    );
    expect(batch).toMatchObject({
      status: 'queued',
      selection: 'unsucceeded',
      submission: 2,
      attempt: 3,
      attemptBase: 3,
      cancelRequested: false,
      deadlineAt: NOW + DEFAULT_POLICY.maxAgeSeconds * 1000,
      commands: ['message-1'],
    });
    expect(batch.endedAt).toBeUndefined();
  });

  it('is not run again before its notBefore, and has its whole time after it', () => {
    const notBefore = NOW + 8 * 86_400_000;
    const cancelled = given('cancelled', { spec: { notBefore } });
    const again = next(when(cancelled, EVENTS.retryRequested));
    const deadlineAt = notBefore + DEFAULT_POLICY.maxAgeSeconds * 1000;
    expect(again).toMatchObject({ status: 'retrying', resumeAt: notBefore, deadlineAt });
  });

  it('refuses to run again what could lose its files before its end', () => {
    const day = 86_400_000;
    const lastStart = NOW - (90 + 7 + 5) * day;
    expect(when(given('failed', { createdAt: lastStart }), EVENTS.retryRequested).type).toBe(
      'changed',
    );
    const old = given('failed', { createdAt: lastStart - 1 });
    expect(when(old, EVENTS.retryRequested)).toMatchObject({
      type: 'refused',
      why: expect.stringContaining('expire'),
    });
    const part = { parentId: 'b0', range: { start: 0, end: 50 } };
    expect(when({ ...old, part }, EVENTS.retryRequested).type).toBe('changed');
    expect(when(old, EVENTS.redeliverRequested).type).toBe('changed');
    const older = given('failed', { createdAt: NOW - (90 + 24 - 2) * day - 1 });
    expect(when(older, EVENTS.redeliverRequested).type).toBe('refused');
  });

  it('refuses to retry what never ran or has nothing that failed', () => {
    expect(when(given('failed', { rows: undefined }), EVENTS.retryRequested).type).toBe('refused');
    const counts = { total: 3, succeeded: 3, failed: 0, unfinished: 0 };
    expect(when(given('failed', { counts }), EVENTS.retryRequested).type).toBe('refused');
  });

  it('makes a new delivery when the user asks for one', () => {
    const decision = when(given('completed'), EVENTS.redeliverRequested);
    expect(next(decision).delivery).toEqual({
      number: 2,
      attempt: 1,
      invocations: 2,
      pending: true,
      startedAt: NOW,
    });
    expect(effects(decision)).toEqual(['invokeProcessor', 'announce']);
    expect(when(given('failed', { rows: undefined }), EVENTS.redeliverRequested).type).toBe(
      'refused',
    );
  });

  it('delivers late what was never delivered', () => {
    const batch = next(when(given('failed', { delivery: undefined }), EVENTS.redeliverRequested));
    expect(batch.delivery).toMatchObject({ number: 1, attempt: 1, invocations: 1, pending: true });
    expect(when(given('failed', { delivery: undefined }), EVENTS.delivered).type).toBe('ignored');
  });
});

describe('user commands', () => {
  it('do nothing when their message is delivered again', () => {
    const { commands } = next(when(given('completed'), EVENTS.retryRequested));
    expect(when(given('completed', { commands }), EVENTS.retryRequested).type).toBe('ignored');
  });

  it('remember the last 20', () => {
    const commands = Array.from({ length: 20 }, (_, index) => `old-${index}`);
    const batch = next(when(given('completed', { commands }), EVENTS.retryRequested));
    expect(batch.commands).toHaveLength(20);
    expect(batch.commands.at(-1)).toBe('message-1');
  });

  it('are refused in a status in which they are not possible', () => {
    expect(when(given('running'), EVENTS.retryRequested).type).toBe('refused');
    expect(when(given('queued'), EVENTS.redeliverRequested).type).toBe('refused');
  });

  it.each([
    ['queued', {}, 'collecting'],
    ['retrying', {}, 'collecting'],
    ['inspecting', {}, 'cancelled'],
    ['inspecting', { claim: LIVE }, 'inspecting'],
    ['collecting', {}, 'collecting'],
  ] as const)('cancel a batch that is %s with %o: it is %s', (status, changes, to) => {
    const batch = next(when(given(status, changes), EVENTS.cancelRequested));
    expect(batch).toMatchObject({ status: to, cancelRequested: true });
  });
});
