import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../../shared/batch/job.ts';
import type { Provider } from '../../../../shared/providers/provider.ts';
import type { Harness, Start } from '../harness.ts';
import {
  customIds,
  expectRefusal,
  jobContext,
  outcomeOf,
  type Row,
  referencesOf,
  requestRows,
  rowsOf,
  submit,
} from '../steps.ts';

export function collectingContract(harness: Harness, start: Start): void {
  const { calls } = harness;
  const ids = customIds(500);

  describe('readRows', () => {
    test.each([1, 1_000, 70_000])(
      'a download cut off after %i bytes yields each row once and whole',
      async (afterBytes) => {
        const { provider, inject } = await start();
        const outcome = await outcomeOf(provider, await submit(provider, harness, ids));
        inject({ ...calls.download, times: 2, fault: { kind: 'cut', afterBytes } });

        const rows = await rowsOf(provider, harness, outcome);

        expect(rows.map((row) => row.custom_id).sort()).toEqual(referencesOf(provider, ids));
      },
    );

    test('a download that is always cut off throws, and yields only whole rows', async () => {
      const { provider, inject } = await start();
      const outcome = await outcomeOf(provider, await submit(provider, harness, ids));
      inject({ ...calls.download, times: 100, fault: { kind: 'cut', afterBytes: 5_000 } });
      const seen: Row[] = [];

      await expectRefusal(collect(provider, harness, outcome, seen), 'transient');

      expect(seen.length).toBeLessThan(ids.length);
      expect(new Set(seen.map((row) => row.custom_id)).size).toBe(seen.length);
    });

    test('a download that is refused once is repeated', async () => {
      const { provider, inject } = await start();
      const outcome = await outcomeOf(provider, await submit(provider, harness, ids));
      inject({ ...calls.download, fault: { kind: 'status', status: 503 } });
      expect(await rowsOf(provider, harness, outcome)).toHaveLength(ids.length);
    });

    test('a file that does not exist is missing', async () => {
      const { provider } = await start();
      const outcome: Outcome = {
        kind: 'completed',
        jobId: harness.unknown.jobId,
        files: [harness.unknown.file],
      };
      await expectRefusal(rowsOf(provider, harness, outcome), 'missing');
    });

    test('an outcome without files has no rows', async () => {
      const { provider } = await start();
      expect(await rowsOf(provider, harness, { kind: 'failed', files: [] })).toEqual([]);
    });

    test('a reader may stop early', async () => {
      const { provider } = await start();
      const outcome = await outcomeOf(provider, await submit(provider, harness, ids));
      for await (const row of requestRows(provider.readRows(outcome, jobContext(harness)))) {
        expect(row.length).toBeGreaterThan(0);
        break;
      }
      expect(await rowsOf(provider, harness, outcome)).toHaveLength(ids.length);
    });
  });
}

/** Keeps the rows before an error. */
async function collect(
  provider: Provider,
  harness: Harness,
  outcome: Outcome,
  seen: Row[],
): Promise<void> {
  for await (const row of requestRows(provider.readRows(outcome, jobContext(harness))))
    seen.push(JSON.parse(Buffer.from(row).toString()));
}
