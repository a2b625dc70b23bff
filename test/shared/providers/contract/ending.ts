import { describe, expect, test } from 'vitest';
import type { PlannedOutcome } from '../../../../simulators/engine/plan.ts';
import type { Ending, Harness, Start } from '../harness.ts';
import {
  customIds,
  expectRefusal,
  outcomeOf,
  referencesOf,
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
      expect(succeededIds(await rowsOf(provider, harness, outcome)).sort()).toEqual(
        referencesOf(provider, ids),
      );
    });

    test.each(endingsOf(harness))(
      '%s ends as expected, with the existing rows',
      async (planned, { kind, refusal, ...counts }) => {
        const { provider } = await start({ plan: [planned] });
        const jobId = await submit(provider, harness, ids);

        const outcome = await outcomeOf(provider, jobId);
        const rows = await rowsOf(provider, harness, outcome);

        expect(outcome.kind).toBe(kind);
        expect(outcome.refusal).toBe(refusal);
        const succeeded = succeededIds(rows);
        expect(succeeded.length).toBeGreaterThanOrEqual(counts.least);
        expect(succeeded.length).toBeLessThanOrEqual(counts.most);
        expect(rows.length).toBeGreaterThanOrEqual(counts.leastRows);
        expect(new Set(rows.map((row) => row.custom_id)).size).toBe(rows.length);
        const references = referencesOf(provider, ids);
        for (const row of rows) expect(references).toContain(row.custom_id);
      },
    );

    const refusals = [
      ['failed_quota', 'quota'],
      ['failed_invalid', 'permanent'],
    ] as const;
    test.each(refusals.filter(([planned]) => harness.endings?.[planned] === undefined))(
      '%s is refused as %s, with its reason',
      async (planned, refusal) => {
        const { provider } = await start({ plan: [planned] });
        const jobId = await submit(provider, harness, ids);

        const outcome = await outcomeOf(provider, jobId);

        expect(outcome).toMatchObject({
          kind: 'failed',
          refusal,
          reason: { code: expect.stringMatching(/./), message: expect.stringMatching(/./) },
        });
        expect(await rowsOf(provider, harness, outcome)).toEqual([]);
      },
    );

    if (harness.endings?.failed_quota === undefined)
      test('a job that is refused because the provider is full is a quota refusal', async () => {
        const { provider } = await start({ full: 'in the job' });
        const jobId = await submit(provider, harness, ids);
        const outcome = await outcomeOf(provider, jobId);
        expect(outcome).toMatchObject({ kind: 'failed', refusal: 'quota' });
      });

    test('an unknown status is unknown', async () => {
      const { provider, inject } = await start();
      const jobId = await submit(provider, harness, ids);
      inject({
        ...calls.check,
        fault: { kind: 'patch', fields: { ...harness.patches.unknownStatus.fields } },
      });
      expect(await provider.check(jobId)).toEqual({
        state: 'unknown',
        status: harness.patches.unknownStatus.status,
      });
    });

    test('a job has ended, whatever the fields are that decide nothing', async () => {
      const { provider, inject } = await start();
      const jobId = await submit(provider, harness, ids);
      const { files } = await outcomeOf(provider, jobId);
      const fields = { ...harness.patches.oddFields };
      inject({ ...calls.check, fault: { kind: 'patch', fields } });
      expect(await provider.check(jobId)).toMatchObject({
        state: 'ended',
        outcome: { kind: 'completed', jobId, files },
      });
    });

    test('a job that the provider does not know is missing', async () => {
      const { provider } = await start();
      expect(await provider.check(harness.unknown.jobId)).toEqual({ state: 'missing' });
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
      ['no job', { kind: 'patch', fields: { ...harness.patches.noJob } }],
      ['a page', { kind: 'body', text: '<html>back soon</html>', type: 'text/html' }],
      ['an error object', { kind: 'body', text: '{"error":{"message":"try later"}}' }],
      ['an empty object', { kind: 'body', text: '{}' }],
      ['null', { kind: 'body', text: 'null' }],
    ] as const)('a check always answered with %s is transient', async (_name, fault) => {
      const { provider, inject } = await start();
      const jobId = await submit(provider, harness, ids);
      inject({ ...calls.check, times: 100, fault });
      await expectRefusal(provider.check(jobId), 'transient');
    });
  });
}

/** The endings of OpenAI, for providers without their own. */
const ENDINGS: Readonly<Partial<Record<PlannedOutcome, Ending>>> = {
  partial: { kind: 'completed', least: 1, most: 19, leastRows: 20 },
  all_errors: { kind: 'completed', least: 0, most: 0, leastRows: 20 },
  expired: { kind: 'expired', least: 1, most: 19, leastRows: 20 },
  // Requests that a cancelled job had not started may have no rows.
  cancelled: { kind: 'cancelled', least: 1, most: 19, leastRows: 1 },
};

function endingsOf({ endings }: Harness): [PlannedOutcome, Ending][] {
  const entries = Object.entries({ ...ENDINGS, ...endings }) as [
    PlannedOutcome,
    Ending | 'never',
  ][];
  return entries.filter((entry): entry is [PlannedOutcome, Ending] => entry[1] !== 'never');
}
