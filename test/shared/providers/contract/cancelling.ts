import { describe, expect, test } from 'vitest';
import type { Harness, Start } from '../harness.ts';
import { customIds, expectRefusal, outcomeOf, submit } from '../steps.ts';

export function cancellingContract(harness: Harness, start: Start): void {
  const ids = customIds(4);

  describe('cancel', () => {
    test('ends a running job', async () => {
      const { provider } = await start({ plan: ['stuck'] });
      const jobId = await submit(provider, harness, ids);

      await provider.cancel(jobId);

      expect(await outcomeOf(provider, jobId)).toMatchObject({ kind: 'cancelled' });
    });

    test('succeeds for a job that has ended', async () => {
      const { provider } = await start();
      const jobId = await submit(provider, harness, ids);
      const before = await outcomeOf(provider, jobId);

      await provider.cancel(jobId);

      expect(await outcomeOf(provider, jobId)).toEqual(before);
    });

    test('succeeds for a job that the provider does not know', async () => {
      const { provider } = await start();
      await expect(provider.cancel(harness.unknown.jobId)).resolves.toBeUndefined();
    });

    test('a failure does not count as an end', async () => {
      const { provider, inject } = await start({ plan: ['stuck'] });
      const jobId = await submit(provider, harness, ids);
      inject({ ...harness.calls.cancel, times: 100, fault: { kind: 'status', status: 500 } });
      await expectRefusal(provider.cancel(jobId), 'transient');
    });
  });
}
