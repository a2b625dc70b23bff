import { expect, test } from 'vitest';
import { countsNow } from '../../../../shared/batch/ledger.ts';
import { EVENTS, given, NOW, next, when } from '../../../support/given.ts';

const old = { code: 'quota', message: 'full', at: NOW - 9_000, attempt: 1 };
const reason = { code: 'reset', message: 'connection reset' };
const claim = { token: 'mine', leaseUntil: NOW + 60_000, intentAt: NOW - 1_000 };

test('a new reason is noted with its time and attempt, and an older one keeps its own', () => {
  const undated = { code: 'x', message: 'noted by an earlier version' };
  const batch = given('collecting', { claim, attempt: 2, reasons: [undated, old] });
  const { reasons } = next(when(batch, { type: 'workFailed', token: 'mine', reason }));
  expect(reasons).toEqual([undated, old, { ...reason, at: NOW, attempt: 2 }]);
});

test('the reason of a job that was not accepted is about the next attempt', () => {
  const batch = given('submitting', { claim, attempt: 2, reasons: [old] });
  const event = { type: 'submitRefused', token: 'mine', refusal: 'quota', reason } as const;
  expect(next(when(batch, event)).reasons).toEqual([old, { ...reason, at: NOW, attempt: 3 }]);
});

test('what runs again after a retry has not failed, until its new rows are collected', () => {
  const counts = { total: 10, succeeded: 6, failed: 4, unfinished: 0 };
  const ended = given('completed', { counts });
  const queued = next(when(ended, EVENTS.retryRequested));
  expect(countsNow(ended)).toEqual(counts);
  expect(countsNow(queued)).toEqual({ total: 10, succeeded: 6, failed: 0, unfinished: 4 });
  const running = given('running', { counts, selection: 'unsucceeded' });
  expect(countsNow(running)).toMatchObject({ failed: 0, unfinished: 4 });
  // A retry that ended before its rows were collected, and is delivered again.
  const delivering = given('delivering', { counts, selection: 'unsucceeded' });
  expect(countsNow(delivering)).toEqual(counts);
});
