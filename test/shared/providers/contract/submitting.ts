import { describe, expect, test } from 'vitest';
import { ProviderError } from '../../../../shared/batch/errors.ts';
import type { Harness, Start } from '../harness.ts';
import { customIds, expectRefusal, KEY, leftFiles, listed, shown, submit } from '../steps.ts';

export function submittingContract(harness: Harness, start: Start): void {
  const { calls, fileCalls } = harness;
  const ids = customIds(3);

  describe('submit', () => {
    test('creates one job with every request and the key', async () => {
      const { provider, journal } = await start();

      const jobId = await submit(provider, harness, ids);

      const { jobs } = await journal();
      expect(jobs).toMatchObject([{ jobId, batch: harness.journalBatch ?? 'a-batch', key: KEY }]);
    });

    test('a wrong key is an account failure', async () => {
      const { provider } = await start({ wrongKey: true });
      await expectRefusal(submit(provider, harness, ids), 'account');
    });

    const refusals: (readonly [number, string | undefined, string])[] = [
      [400, undefined, 'permanent'],
      [401, undefined, 'account'],
      [403, undefined, 'account'],
      [429, undefined, 'quota'],
      ...(harness.createRefusals ?? []),
    ];
    test.each(refusals)(
      'a create call refused with %s %s is %s, and its file is deleted',
      async (status, code, kind) => {
        const { provider, inject, journal } = await start();
        const fault = { kind: 'status', status, ...(code === undefined ? {} : { code }) } as const;
        inject({ ...calls.create, times: 100, fault });

        await expectRefusal(submit(provider, harness, ids), kind);

        const { events, jobs } = await journal();
        expect(jobs).toEqual([]);
        expect(leftFiles(events)).toEqual([]);
      },
    );

    test.skipIf(harness.isNeverFull)(
      'a create call that is refused because the provider is full is a quota failure',
      async () => {
        const { provider, journal } = await start({ full: 'at create' });

        await expectRefusal(submit(provider, harness, ids), 'quota');

        expect((await journal()).jobs).toEqual([]);
      },
    );

    test('a file that cannot be deleted does not hide the refusal', async () => {
      const { provider, inject } = await start();
      inject({ ...calls.create, fault: { kind: 'status', status: 400 } });
      inject({ method: 'DELETE', path: /./, times: 100, fault: { kind: 'reset' } });
      await expectRefusal(submit(provider, harness, ids), 'permanent');
    });

    test.each([
      ['answered 500', { kind: 'status', status: 500 }],
      ['answered 503', { kind: 'status', status: 503 }],
      ['reset', { kind: 'reset' }],
    ] as const)('a create call %s is uncertain and not repeated', async (_name, fault) => {
      const { provider, inject, journal } = await start();
      // Only the first call fails: a second one would create a job.
      inject({ ...calls.create, fault });

      await expectRefusal(submit(provider, harness, ids), 'uncertain');

      expect((await journal()).jobs).toEqual([]);
    });

    test.each([
      ['whose connection is cut', { kind: 'lost' }],
      ['cut in the middle', { kind: 'cut', afterBytes: 5 }],
      ['that is no job', { kind: 'patch', fields: { ...harness.patches.nothingCreated } }],
    ] as const)('a reply to create %s is uncertain, and the job is found', async (_name, fault) => {
      const { provider, inject, journal } = await start();
      inject({ ...calls.create, fault });

      await expectRefusal(submit(provider, harness, ids), 'uncertain');

      const { jobs, events } = await journal();
      expect(jobs).toHaveLength(1);
      if (fileCalls) expect(leftFiles(events)).toHaveLength(1);
      await shown(provider, harness, [jobs[0]?.jobId ?? '']);
      expect(await listed(provider, 0)).toMatchObject([{ id: jobs[0]?.jobId, key: KEY }]);
    });

    test('no create call is sent by a worker whose time is over', async () => {
      const { provider, journal } = await start();
      const beforeCreate = () => {
        throw new ProviderError('transient', { code: 'out_of_time', message: 'too late' });
      };

      await expectRefusal(submit(provider, harness, ids, { beforeCreate }), 'transient');

      const { jobs, events } = await journal();
      expect(jobs).toEqual([]);
      if (fileCalls) expect(leftFiles(events)).toEqual([]);
    });

    test('a create call that exceeds its deadline is uncertain', async () => {
      const { provider, inject } = await start();
      inject({ ...calls.create, fault: { kind: 'delay', delayMs: 5_000 } });
      const submitting = submit(provider, harness, ids, { createDeadlineMs: 100 });
      await expectRefusal(submitting, 'uncertain');
    });
  });

  if (fileCalls === undefined) return;

  describe('the upload of submit', () => {
    test('an upload that fails twice is repeated', async () => {
      const { provider, inject, journal } = await start();
      inject({ ...fileCalls.upload, times: 2, fault: { kind: 'status', status: 500 } });

      const jobId = await submit(provider, harness, ids);

      expect((await journal()).jobs).toMatchObject([{ jobId }]);
    });

    test.each([
      ['answered 500', { kind: 'status', status: 500 }],
      ['answered 429', { kind: 'status', status: 429 }],
      ['reset', { kind: 'reset' }],
    ] as const)('an upload that is always %s is transient, without a job', async (_name, fault) => {
      const { provider, inject, journal } = await start();
      inject({ ...fileCalls.upload, times: 100, fault });

      await expectRefusal(submit(provider, harness, ids), 'transient');

      expect((await journal()).jobs).toEqual([]);
    });

    test('an upload that is refused is permanent', async () => {
      const { provider, inject } = await start();
      inject({ ...fileCalls.upload, fault: { kind: 'status', status: 400 } });
      await expectRefusal(submit(provider, harness, ids), 'permanent');
    });
  });
}
