import { expect, it } from 'vitest';
import { DoctorRuns } from '../../../shared/console/doctorRuns.ts';
import type { Finding } from '../../../shared/operations/check.ts';
import { NOW } from '../../support/given.ts';

const silent = () => {};
const ok = (check: string, what = 'fine'): Finding => ({ check, level: 'ok', what });

/** A doctor whose runs find what they are told to. */
function doctorOf() {
  let now = NOW;
  const runs: { find: (finding: Finding) => void; end: (error?: Error) => void }[] = [];
  async function* diagnosis() {
    const pending: PromiseWithResolvers<Finding | undefined>[] = [];
    const next = () => {
      const waiting = Promise.withResolvers<Finding | undefined>();
      pending.push(waiting);
      return waiting;
    };
    let current = next();
    runs.push({
      find: (finding) => current.resolve(finding),
      end: (error) => (error ? current.reject(error) : current.resolve(undefined)),
    });
    for (;;) {
      const finding = await current.promise;
      if (!finding) return;
      current = next();
      yield finding;
    }
  }
  const doctor = new DoctorRuns(
    {
      ...{ hint: (text) => text.replace('batch-handler', 'npx batch-handler'), now: () => now },
      explain: (error) => `explained: ${String(error)}`,
      log: { info: silent, warn: silent, error: silent },
    },
    diagnosis,
  );
  const settled = () => new Promise(setImmediate);
  return {
    doctor,
    runs,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    async find(...findings: readonly Finding[]) {
      for (const finding of findings) {
        runs.at(-1)?.find(finding);
        await settled();
      }
    },
    async end(error?: Error) {
      runs.at(-1)?.end(error);
      await settled();
    },
  };
}

it('shows findings as they come, and runs once however many ask', async () => {
  const { doctor, runs, find, end } = doctorOf();
  expect(doctor.look(false)).toEqual({ isRunning: true, findings: [] });
  await find(ok('stack'));
  expect(doctor.look(true)).toEqual({ isRunning: true, findings: [ok('stack')] });
  await find({
    ...{ check: 'dead letters', level: 'problem', what: '4 messages' },
    fix: 'fix the cause, then run batch-handler redrive --queue batch',
  });
  await end();
  expect(doctor.look(false)).toEqual({
    isRunning: false,
    checkedAt: new Date(NOW).toISOString(),
    findings: [
      ok('stack'),
      {
        ...{ check: 'dead letters', level: 'problem', what: '4 messages' },
        advice: 'fix the cause, then run batch-handler redrive --queue batch',
        fix: { kind: 'letters', queue: 'batch' },
      },
    ],
  });
  expect(runs).toHaveLength(1);
});

it('keeps a run for a minute, unless it is asked again or something was changed since', async () => {
  const { doctor, runs, end, pass } = doctorOf();
  doctor.look(false);
  await end();
  pass(59_999);
  doctor.look(false);
  expect(runs).toHaveLength(1);
  pass(1);
  doctor.look(false);
  expect(runs).toHaveLength(2);
  await end();
  doctor.look(true);
  expect(runs).toHaveLength(3);
  // During a run: what it has looked at already may have changed since.
  doctor.outdate();
  await end();
  expect(doctor.look(false).isRunning).toBe(true);
  expect(runs).toHaveLength(3);
  pass(5_000);
  doctor.look(false);
  expect(runs).toHaveLength(4);
  await end();
  expect(doctor.look(false).isRunning).toBe(false);
});

it('shows the findings of the run before until their checks have ended', async () => {
  const { doctor, find, end } = doctorOf();
  doctor.look(false);
  await find(ok('stack', 'old'), ok('sweep', 'old'));
  await end();
  doctor.look(true);
  await find(ok('stack', 'new'));
  expect(doctor.look(false).findings).toEqual([ok('stack', 'new'), ok('sweep', 'old')]);
  await end();
  expect(doctor.look(false).findings).toEqual([ok('stack', 'new')]);
});

it('says why a run has failed, and runs again when asked', async () => {
  const { doctor, runs, end } = doctorOf();
  doctor.look(false);
  await end(new Error('no network'));
  expect(doctor.look(false)).toMatchObject({
    isRunning: false,
    failure: 'explained: Error: no network',
  });
  expect(doctor.look(true)).toEqual({
    ...{ isRunning: true, checkedAt: new Date(NOW).toISOString(), findings: [] },
  });
  expect(runs).toHaveLength(2);
});
