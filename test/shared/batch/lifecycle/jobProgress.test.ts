import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JobState } from '../../../../shared/batch/job.ts';
import { decide } from '../../../../shared/batch/lifecycle/decide.ts';
import { isUneventful, runningFacts } from '../../../../shared/batch/lifecycle/jobProgress.ts';
import { DEFAULT_POLICY } from '../../../../shared/batch/policy.ts';
import { readRunningText, runningText } from '../../../../shared/stores/runningText.ts';
import { aBatch } from '../../../support/batches.ts';
import { NOW } from '../../../support/given.ts';

const HOUR = 3_600_000;
const time = fc.integer({ min: NOW - 60 * HOUR, max: NOW + HOUR });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
const hours = maybe(fc.constantFrom(1, 12, 24, 48));

const batch = fc
  .record({
    deadlineAt: fc.integer({ min: NOW - 50 * HOUR, max: NOW + 100 * HOUR }),
    cancelRequested: fc.constantFrom(false, false, true),
    completionWindow: fc.constantFrom(undefined, '24h', '7d'),
    job: fc.record({
      ...{ id: fc.constant('job_1'), submission: fc.constant(1), submittedAt: time },
      ...{ acceptedAt: maybe(time), progress: maybe(fc.nat(10)), progressAt: maybe(time) },
      stalledAt: fc.constantFrom(undefined, undefined, undefined, NOW - HOUR),
      cancelSentAt: maybe(time),
    }),
  })
  .map(({ cancelRequested, completionWindow, ...fields }) =>
    aBatch({ ...fields, status: 'running', cancelRequested, spec: { completionWindow } }),
  );

const state: fc.Arbitrary<JobState> = fc.oneof(
  fc.record({
    state: fc.constant('running' as const),
    ...{ progress: fc.nat(12), isPending: fc.boolean() },
  }),
  fc.constant<JobState>({ state: 'running' }),
  fc.constant<JobState>({ state: 'missing' }),
  fc.constant<JobState>({ state: 'unknown', status: 'weird' }),
  fc.constant<JobState>({ state: 'ended', outcome: { kind: 'completed', files: [] } }),
);

const timing = fc.record({ completionHours: hours, progressHours: hours });

test('the index says that a check does nothing exactly if the decision on the record is to do nothing', () => {
  let [quiet, loud] = [0, 0];
  fc.assert(
    fc.property(batch, state, timing, (running, job, given) => {
      const facts = runningFacts(running);
      const isOwed = running.cancelRequested || running.job.stalledAt !== undefined;
      expect(facts === undefined).toBe(isOwed);
      if (!facts) return;
      const context = { policy: DEFAULT_POLICY, now: NOW, random: 0.5 };
      const event = { type: 'jobChecked', jobId: 'job_1', job, timing: given } as const;
      const decision = decide(running, event, context);
      const isQuiet = isUneventful(facts, job, given, context);
      if (NOW < running.deadlineAt) expect(isQuiet).toBe(decision.type === 'ignored');
      else expect(isQuiet).toBe(false);
      if (isQuiet) quiet += 1;
      else loud += 1;
    }),
    { numRuns: 2_000 },
  );
  expect(Math.min(quiet, loud)).toBeGreaterThan(100);
});

test('the index shows these facts as they are in the record', () => {
  fc.assert(
    fc.property(batch, (running) => {
      const facts = runningFacts(running);
      expect(readRunningText({ id: 'b', jobId: 'job_1', isOver: runningText(facts) })).toEqual(
        facts,
      );
    }),
  );
});

test.each([
  ['of an earlier version', undefined],
  ['of a job that is over', true],
  ['of another type', 7],
  ['that is empty', ''],
  ['that is cut off', '1,2,3,4,5'],
  ['without a deadline', ',2,,,,'],
  ['with a time that is none', '1,x,,,,'],
  ['of JSON', '{"deadlineAt":1}'],
])('an item %s does not save the read of its record', (_, isOver) => {
  expect(readRunningText({ id: 'b', jobId: 'job_1', isOver })).toBeUndefined();
});

test('an item without a job does not save it either', () => {
  expect(readRunningText({ id: 'b', isOver: '1,2,,,,' })).toBeUndefined();
});
