import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY as policy } from '../../../../shared/batch/policy.ts';
import { EVENTS, effects, given, LIVE, NOW, next, when } from '../../../support/given.ts';

const claimed = given('collecting', { claim: LIVE });
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
    expect(effects(decision)).toEqual(['invokeProcessor', 'announce', 'cleanUp']);
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
    expect(effects(decision)).toEqual(['announce', 'cleanUp']);
  });

  it('delivers what there is when the attempts are used up', () => {
    expect(next(when({ ...claimed, attempt: 5 }, counts(5, 1, 4))).status).toBe('delivering');
    expect(next(when({ ...claimed, attempt: 5 }, counts(0, 1, 9))).status).toBe('failed');
    expect(next(when({ ...claimed, attempt: 5, attemptBase: 4 }, counts(5, 1, 4))).status).toBe(
      'retrying',
    );
  });

  it('delivers what there is when the batch is too old', () => {
    expect(next(when({ ...claimed, deadlineAt: NOW }, counts(5, 1, 4))).status).toBe('delivering');
  });

  it('keeps what a cancelled batch has and delivers nothing', () => {
    const batch = next(when({ ...claimed, cancelRequested: true }, counts(10, 0, 0)));
    expect(batch).toMatchObject({ status: 'cancelled', rows: EVENTS.collected.rows });
  });

  it('is cancelled when somebody cancelled the job at the provider, unless all was done', () => {
    const cancelled = { ...claimed, outcome: { kind: 'cancelled' as const, files: ['f'] } };
    expect(next(when(cancelled, counts(5, 0, 5))).status).toBe('cancelled');
    expect(next(when(cancelled, counts(10, 0, 0))).status).toBe('delivering');
  });

  it.each(['quota', 'account'] as const)(
    'gives the attempt back when the job was refused for %s',
    (refusal) => {
      const refused = { ...claimed, outcome: { kind: 'failed' as const, files: ['f'], refusal } };
      expect(next(when(refused, counts(5, 0, 5))).attempt).toBe(0);
    },
  );
});
