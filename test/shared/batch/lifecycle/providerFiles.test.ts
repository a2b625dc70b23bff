import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../../shared/batch/job.ts';
import type { DecisionContext } from '../../../../shared/batch/lifecycle/decision.ts';
import { awaitsInputExpiry } from '../../../../shared/batch/lifecycle/ended.ts';
import type { BatchEvent } from '../../../../shared/batch/lifecycle/events.ts';
import { DEFAULT_POLICY } from '../../../../shared/batch/policy.ts';
import {
  type Changes,
  EVENTS,
  effects,
  given,
  LIVE,
  NOW,
  next,
  when,
} from '../../../support/given.ts';

const DAY = 24 * 60 * 60 * 1000;
const OFF: Partial<DecisionContext> = { policy: { ...DEFAULT_POLICY, cleanUpFiles: false } };
const endedAs = (outcome: Outcome): BatchEvent => ({
  ...EVENTS.jobChecked,
  job: { state: 'ended', outcome },
});
const REFUSED = endedAs({ kind: 'failed', files: [], refusal: 'quota' });
const collecting = (changes: Changes = {}) => given('collecting', { claim: LIVE, ...changes });

describe("a job's files are dispensable", () => {
  it.each([
    ['retrying', EVENTS.collected],
    [
      'delivering',
      { ...EVENTS.collected, counts: { total: 10, succeeded: 10, failed: 0, unfinished: 0 } },
    ],
    [
      'failed',
      { ...EVENTS.collected, counts: { total: 10, succeeded: 0, failed: 10, unfinished: 0 } },
    ],
  ] as const)('once its rows are named by the record, which is then %s', (status, event) => {
    const decision = when(collecting(), event);
    expect(next(decision)).toMatchObject({ status, jobsToDelete: ['job_1'] });
    expect(effects(decision).at(-1)).toBe('deleteProviderFiles');
  });

  it('once it was refused and wrote nothing', () => {
    const decision = when(given('running'), REFUSED);
    expect(next(decision)).toMatchObject({ status: 'queued', jobsToDelete: ['job_1'] });
    expect(effects(decision).at(-1)).toBe('deleteProviderFiles');
  });

  it.each([
    ['running', {}, endedAs({ kind: 'completed', files: ['f1'] })],
    ['running', { deadlineAt: NOW - 2 * DAY }, EVENTS.jobChecked],
    ['collecting', { claim: LIVE }, EVENTS.workFailed],
    ['collecting', { deadlineAt: NOW - 2 * DAY }, EVENTS.due],
  ] as const)('not before: %s with %o', (status, changes, event) => {
    const decision = when(given(status, changes), event);
    expect(next(decision).jobsToDelete).toEqual([]);
    expect(effects(decision)).not.toContain('deleteProviderFiles');
  });

  it('never if the job was abandoned while it ran, or there was none', () => {
    const late = collecting({ outcome: { kind: 'deadline', jobId: 'job_1', files: [] } });
    expect(next(when(late, EVENTS.collected)).jobsToDelete).toEqual([]);
    const none = collecting({ outcome: { kind: 'cancelled', files: [] } });
    expect(next(when(none, EVENTS.collected)).jobsToDelete).toEqual([]);
  });

  it('never if the policy keeps them', () => {
    expect(next(when(collecting(), EVENTS.collected, OFF)).jobsToDelete).toEqual([]);
    expect(next(when(given('running'), REFUSED, OFF)).jobsToDelete).toEqual([]);
  });
});

describe('an upload may be left', () => {
  it.each([
    ['workFailed', LIVE],
    ['submitRefused', LIVE],
    ['submitUncertain', LIVE],
    ['jobAbsent', { ...LIVE, leaseUntil: NOW - 1 }],
  ] as const)('by a claim that ended with %s', (type, claim) => {
    for (const changes of [{}, { cancelRequested: true }]) {
      const batch = given('submitting', { claim, submission: 3, ...changes });
      expect(next(when(batch, EVENTS[type])).leftovers).toBe(3);
      expect(next(when(batch, EVENTS[type], OFF)).leftovers).toBeUndefined();
    }
  });
});

describe('an ended batch', () => {
  const owing: Changes = { endEventSent: true, jobsToDelete: ['job_1', 'job_2'], leftovers: 2 };
  const owed = (changes: Changes = {}) => given('completed', { ...owing, ...changes });

  it('sends its end event first, then deletes the files that are left, with a backoff', () => {
    const untold = given('completed', { jobsToDelete: ['job_1'], sends: 0 });
    expect(effects(when(untold, EVENTS.due))).toEqual(['announce', 'deleteProviderFiles']);
    const told = next(when(untold, EVENTS.endEventSent));
    expect(told).toMatchObject({ endEventSent: true, dueAt: NOW });
    const first = when(told, EVENTS.due);
    expect(effects(first)).toEqual(['deleteProviderFiles']);
    expect(next(first).dueAt).toBe(NOW + 120_000);
    const later = NOW + 120_000;
    expect(next(when(next(first), EVENTS.due, { now: later })).dueAt).toBe(later + 240_000);
  });

  it('records what is deleted, and is due only for the removal of its input after the last deletion', () => {
    const half = next(when(owed(), { ...EVENTS.filesDeleted, leftoversUpTo: 0 }));
    expect(half).toMatchObject({ jobsToDelete: ['job_2'], leftovers: 2, dueAt: NOW });
    const whole = next(when(half, { type: 'filesDeleted', jobIds: ['job_2'], leftoversUpTo: 2 }));
    expect(whole.jobsToDelete).toEqual([]);
    expect(whole.leftovers).toBeUndefined();
    expect(awaitsInputExpiry(whole)).toBe(true);
    expect(when(whole, EVENTS.filesDeleted).type).toBe('ignored');
  });

  it('stays due for its event', () => {
    const batch = next(when(given('failed', { jobsToDelete: ['job_1'] }), EVENTS.filesDeleted));
    expect(batch.dueAt).toBe(NOW);
  });

  it('still names the uploads of a submission that came after the search', () => {
    const batch = next(when(owed({ leftovers: 3 }), { ...EVENTS.filesDeleted, leftoversUpTo: 2 }));
    expect(batch.leftovers).toBe(3);
  });

  it.each([
    ['its deadline', { deadlineAt: NOW - DAY, statusAt: NOW - 2 * DAY }],
    ['a late end', { deadlineAt: NOW - 9 * DAY, statusAt: NOW - DAY }],
  ])('gives up a day after %s, and says what is left', (_name, changes) => {
    expect(effects(when(owed(changes), EVENTS.due, { now: NOW - 1 }))).toEqual([]);
    const decision = when(owed({ ...changes, dueAt: NOW - 5 }), EVENTS.due, { now: NOW - 1 });
    expect(effects(decision)).toEqual(['deleteProviderFiles']);
    const over = when(owed(changes), EVENTS.due);
    expect(over).toMatchObject({
      effects: [{ type: 'reportFilesLeft', jobIds: ['job_1', 'job_2'] }],
    });
    expect(next(over).jobsToDelete).toEqual([]);
    expect(awaitsInputExpiry(next(over))).toBe(true);
  });

  it('gives the deletion up without an effect when the policy keeps files from now on', () => {
    const decision = when(owed(), EVENTS.due, OFF);
    expect(effects(decision)).toEqual([]);
    expect(awaitsInputExpiry(next(decision))).toBe(true);
  });

  it('sends an event for each end', () => {
    const again = next(when(owed(), EVENTS.redeliverRequested));
    expect(again.endEventSent).toBeUndefined();
    expect(again.jobsToDelete).toEqual(['job_1', 'job_2']);
  });
});

it('a wait is not disturbed: its message is valid for one version of the record', () => {
  expect(when(given('retrying', { jobsToDelete: ['job_1'] }), EVENTS.filesDeleted).type).toBe(
    'ignored',
  );
});
