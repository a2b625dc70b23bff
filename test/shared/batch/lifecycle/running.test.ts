import { describe, expect, it } from 'vitest';
import type { JobState, Outcome } from '../../../../shared/batch/job.ts';
import { EVENTS, effects, given, NOW, next, when } from '../../../support/given.ts';

const checked = (job: JobState) => ({ type: 'jobChecked', jobId: 'job_1', job }) as const;
const ended = (outcome: Outcome) => checked({ state: 'ended', outcome });
const reason = { code: 'token_limit_exceeded', message: 'full' };

describe('running', () => {
  it.each(['completed', 'expired', 'cancelled', 'failed'] as const)(
    'collects whatever a job that is %s has written',
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

  it.each(['quota', 'account'] as const)(
    'gives the attempt back and takes a new key when the job was refused for %s',
    (refusal) => {
      const decision = when(
        given('running'),
        ended({ kind: 'failed', jobId: 'job_1', files: [], refusal, reason }),
      );
      expect(next(decision)).toMatchObject({ status: 'queued', attempt: 0, submission: 2 });
      expect(next(decision).job).toBeUndefined();
      expect(decision).toMatchObject({
        effects: [{ type: 'holdProvider', kind: refusal }, { type: 'announce' }],
      });
    },
  );

  it('says so when the provider refused without a reason', () => {
    const decision = when(given('running'), ended({ kind: 'failed', files: [], refusal: 'quota' }));
    expect(next(decision).reasons).toMatchObject([{ code: 'quota' }]);
  });

  it('collects the output of a refused job that has any', () => {
    const outcome: Outcome = { kind: 'failed', files: ['file-1'], refusal: 'quota' };
    expect(next(when(given('running'), ended(outcome))).status).toBe('collecting');
  });

  it('does not believe what is said of another job', () => {
    expect(when(given('running'), { ...EVENTS.jobChecked, jobId: 'job_2' }).type).toBe('ignored');
  });

  it.each([
    ['cancelled', { cancelRequested: true }],
    ['too old', { deadlineAt: NOW }],
  ] as const)(
    'cancels the job of a batch that is %s until the provider says that it has ended',
    (_, changes) => {
      const batch = given('running', changes);
      expect(when(batch, EVENTS.jobChecked)).toEqual({
        type: 'unchanged',
        effects: [{ type: 'cancelJob', jobId: 'job_1' }],
      });
      expect(next(when(batch, checked({ state: 'missing' }))).status).toBe('collecting');
    },
  );

  it('is due at once when the user cancels it', () => {
    const decision = when(given('running'), EVENTS.cancelRequested);
    expect(next(decision)).toMatchObject({ status: 'running', cancelRequested: true, dueAt: NOW });
    expect(effects(decision)).toEqual([]);
  });
});
