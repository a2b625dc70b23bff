import { describe, expect, test } from 'vitest';
import type { Start } from '../contract.ts';
import type { Harness } from '../harness.ts';
import {
  customIds,
  expectRefusal,
  outcomeOf,
  rowsOf,
  settled,
  submit,
  succeededIds,
} from '../steps.ts';

export function endingContract(harness: Harness, start: Start): void {
  const { calls } = harness;
  const ids = customIds(20);

  describe('check', () => {
    test('a job runs before it ends', async () => {
      const { provider } = await start({ jobSeconds: 60 });
      const jobId = await submit(provider, harness, ids);
      expect(await provider.check(jobId)).toMatchObject({ state: 'running' });
    });

    test('completed: every request has a row that succeeded', async () => {
      const { provider } = await start({ plan: ['completed'] });
      const jobId = await submit(provider, harness, ids);

      const outcome = await outcomeOf(provider, jobId);

      expect(outcome).toMatchObject({ kind: 'completed', jobId });
      expect(succeededIds(await rowsOf(provider, outcome)).sort()).toEqual([...ids].sort());
    });

    test.each([
      ['partial', 'completed', 1, 19, 20],
      ['all_errors', 'completed', 0, 0, 20],
      ['expired', 'expired', 1, 19, 20],
      // What a cancelled job had not begun may have no row.
      ['cancelled', 'cancelled', 1, 19, 1],
    ] as const)('%s ends as %s with what exists', async (word, kind, least, most, leastRows) => {
      const { provider } = await start({ plan: [word] });
      const jobId = await submit(provider, harness, ids);

      const outcome = await outcomeOf(provider, jobId);
      const rows = await rowsOf(provider, outcome);

      expect(outcome.kind).toBe(kind);
      expect(outcome.refusal).toBeUndefined();
      const succeeded = succeededIds(rows);
      expect(succeeded.length).toBeGreaterThanOrEqual(least);
      expect(succeeded.length).toBeLessThanOrEqual(most);
      expect(rows.length).toBeGreaterThanOrEqual(leastRows);
      expect(new Set(rows.map((row) => row.custom_id)).size).toBe(rows.length);
      for (const row of rows) expect(ids).toContain(row.custom_id);
    });

    test.each([
      ['failed_quota', 'quota'],
      ['failed_invalid', 'permanent'],
    ] as const)('%s is refused as %s, with its reason', async (word, refusal) => {
      const { provider } = await start({ plan: [word] });
      const jobId = await submit(provider, harness, ids);

      const outcome = await outcomeOf(provider, jobId);

      expect(outcome).toMatchObject({
        kind: 'failed',
        refusal,
        reason: { code: expect.stringMatching(/./), message: expect.stringMatching(/./) },
      });
      expect(await rowsOf(provider, outcome)).toEqual([]);
    });

    test('a job that finds the provider full is a quota', async () => {
      const { provider } = await start({ full: 'in the job' });
      const jobId = await submit(provider, harness, ids);
      expect(await outcomeOf(provider, jobId)).toMatchObject({ kind: 'failed', refusal: 'quota' });
    });

    test('a status of another day is unknown', async () => {
      const { provider, inject } = await start();
      const jobId = await submit(provider, harness, ids);
      inject({ ...calls.check, fault: { kind: 'patch', fields: { status: 'dreaming' } } });
      expect(await provider.check(jobId)).toEqual({ state: 'unknown', status: 'dreaming' });
    });

    test('a job that the provider does not know is missing', async () => {
      const { provider } = await start();
      expect(await provider.check('batch_nowhere')).toEqual({ state: 'missing' });
    });

    test('a check that fails once is repeated', async () => {
      const { provider, inject } = await start();
      const jobId = await submit(provider, harness, ids);
      inject({ ...calls.check, fault: { kind: 'status', status: 500 } });
      expect(await settled(provider, jobId)).toMatchObject({ state: 'ended' });
    });

    test.each([
      ['500', { kind: 'status', status: 500 }],
      ['429', { kind: 'status', status: 429 }],
      ['a reset', { kind: 'reset' }],
      ['no job', { kind: 'patch', fields: { status: null } }],
    ] as const)('a check always answered with %s is transient', async (_name, fault) => {
      const { provider, inject } = await start();
      const jobId = await submit(provider, harness, ids);
      inject({ ...calls.check, times: 100, fault });
      await expectRefusal(provider.check(jobId), 'transient');
    });
  });
}
