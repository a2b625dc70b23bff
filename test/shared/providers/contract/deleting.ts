import { describe, expect, test } from 'vitest';
import type { Fault } from '../../../../simulators/engine/faults.ts';
import type { Harness, Start } from '../harness.ts';
import { customIds, expectRefusal, KEY, leftFiles, outcomeOf, rowsOf, submit } from '../steps.ts';

const HOUR_MS = 60 * 60 * 1000;
const OTHER_KEY = 'bhzyxwvutsrqponm98-1';

/** The contract of providers with a file store. */
export function deletingContract(harness: Harness, start: Start): void {
  const { calls, fileCalls } = harness;
  if (fileCalls === undefined) return;
  const ids = customIds(4);

  describe('deleteFiles', () => {
    test('deletes the input, the output and the errors of a job, and may be repeated', async () => {
      const { provider, journal } = await start({ plan: ['partial'] });
      const jobId = await submit(provider, harness, ids);
      const outcome = await outcomeOf(provider, jobId);
      expect(outcome.files).toHaveLength(harness.outputFiles ?? 2);

      await provider.deleteFiles(jobId);
      await provider.deleteFiles(jobId);

      expect(leftFiles((await journal()).events)).toEqual([]);
      for (const file of harness.keepsResults ? [] : outcome.files) {
        await expectRefusal(rowsOf(provider, harness, { ...outcome, files: [file] }), 'missing');
      }
    });

    test('keeps the files of other jobs', async () => {
      const { provider } = await start();
      const jobId = await submit(provider, harness, ids);
      const other = await submit(provider, harness, ids, { key: OTHER_KEY });
      const outcome = await outcomeOf(provider, other);
      await outcomeOf(provider, jobId);

      await provider.deleteFiles(jobId);

      expect(await rowsOf(provider, harness, outcome)).toHaveLength(ids.length);
    });

    test('a job that the provider does not know has no files', async () => {
      const { provider } = await start();
      await expect(provider.deleteFiles(harness.unknown.jobId)).resolves.toBeUndefined();
    });

    test.each([
      ['looking it up', calls.check],
      ['deleting', fileCalls.delete],
    ])('a failure of %s does not count as deleted', async (_name, call) => {
      const { provider, inject } = await start();
      const jobId = await submit(provider, harness, ids);
      await outcomeOf(provider, jobId);
      inject({ ...call, times: 100, fault: { kind: 'status', status: 500 } });
      await expectRefusal(provider.deleteFiles(jobId), 'transient');
    });
  });

  describe('deleteLeftovers', () => {
    test('deletes the uploads of these keys, with or without a job, and nothing else', async () => {
      const { provider, inject, journal } = await start();
      inject({ ...calls.create, fault: { kind: 'status', status: 500 } });
      await expectRefusal(submit(provider, harness, ids), 'uncertain');
      await submit(provider, harness, ids, { key: `${KEY}0` });
      await submit(provider, harness, ids, { key: OTHER_KEY });
      expect(leftFiles((await journal()).events)).toHaveLength(3);

      await provider.deleteLeftovers(new Set([KEY]), Date.now() - HOUR_MS);
      await provider.deleteLeftovers(new Set([KEY]), Date.now() - HOUR_MS);

      const { events } = await journal();
      const [first] = events.filter(({ event }) => event === 'uploaded');
      expect(leftFiles(events)).toHaveLength(2);
      expect(events).toContainEqual(
        expect.objectContaining({ event: 'deleted', fileId: (first as { fileId: string }).fileId }),
      );
    });

    test('keeps older uploads', async () => {
      const { provider, journal } = await start();
      await submit(provider, harness, ids);
      await provider.deleteLeftovers(new Set([KEY]), Date.now() + HOUR_MS);
      expect(leftFiles((await journal()).events)).toHaveLength(1);
    });

    test('a listing that fails throws', async () => {
      const { provider, inject } = await start();
      const { noFileList } = harness.patches;
      const fault: Fault =
        noFileList === undefined
          ? { kind: 'status', status: 500 }
          : { kind: 'patch', fields: { ...noFileList } };
      inject({ ...fileCalls.listFiles, times: 100, fault });
      await expectRefusal(provider.deleteLeftovers(new Set([KEY]), 0), 'transient');
    });
  });
}
