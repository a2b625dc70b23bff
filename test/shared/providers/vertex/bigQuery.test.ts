import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../../shared/batch/job.ts';
import { scratchFileOf } from '../scratchFile.ts';
import { expectRefusal, jobContext, outcomeOf, rowsOf } from '../steps.ts';
import { BIGQUERY, startVertex } from './world.ts';

const JOB = { endpoint: '/v1/chat/completions', model: 'gemini-2.5-flash' };
const TABLES = /\/bigquery\/v2\/projects\/[^/]+\/datasets\/[^/]+\/tables\//;

type World = Awaited<ReturnType<typeof startVertex>>;

async function submit({ provider }: World, requests: number): Promise<string> {
  const body = { model: JOB.model, messages: [{ role: 'user', content: 'Hi' }] };
  const file = await scratchFileOf(
    Array.from({ length: requests }, (_, index) => ({
      custom_id: `request ${index}`,
      method: 'POST',
      url: JOB.endpoint,
      body,
    })),
  );
  try {
    const order = { completionWindow: '24h', file, requests, createDeadlineMs: 60_000 };
    return (await provider.submit({ ...jobContext(JOB), ...order })).jobId;
  } finally {
    await file.remove();
  }
}

describe('on BigQuery', () => {
  test('rows are read from many pages, each once', async () => {
    await using world = await startVertex({}, { store: BIGQUERY });
    const outcome = await outcomeOf(world.provider, await submit(world, 2_500));

    const rows = await rowsOf(world.provider, JOB, outcome);

    const ids = ['bhabcdefghij012345_1'];
    expect(outcome.files).toEqual(ids.map((id) => `bq://a-project.batch_outputs.${id}`));
    expect(new Set(rows.map(({ custom_id: id }) => id)).size).toBe(2_500);
    expect(rows).toHaveLength(2_500);
  });

  test('a table that ends before its last row throws', async () => {
    await using world = await startVertex({}, { store: BIGQUERY });
    const outcome = await outcomeOf(world.provider, await submit(world, 3));
    const fault = { kind: 'patch', fields: { totalRows: '4' } } as const;
    world.inject({ method: 'GET', path: /\/data$/, fault });
    await expectRefusal(rowsOf(world.provider, JOB, outcome), 'transient');
  });

  test('an existing output table is kept, and no job is created', async () => {
    await using world = await startVertex({}, { store: BIGQUERY });
    const outcome: Outcome = await outcomeOf(world.provider, await submit(world, 3));

    await expect(submit(world, 3)).rejects.toMatchObject({
      kind: 'permanent',
      reason: { code: 'output_table_exists' },
    });

    expect((await world.journal()).jobs).toHaveLength(1);
    expect(await rowsOf(world.provider, JOB, outcome)).toHaveLength(3);
  });

  test('a failed check of the output table throws', async () => {
    await using world = await startVertex({}, { store: BIGQUERY });
    world.inject({ path: TABLES, times: 100, fault: { kind: 'status', status: 500 } });
    await expectRefusal(submit(world, 3), 'transient');
    expect((await world.journal()).jobs).toEqual([]);
  });

  test.each([
    ['invalid', 'permanent'],
    ['resourcesExceeded', 'permanent'],
    ['accessDenied', 'account'],
    ['notFound', 'account'],
    ['quotaExceeded', 'transient'],
    ['rateLimitExceeded', 'transient'],
    ['backendError', 'transient'],
    ['internalError', 'transient'],
    ['tableUnavailable', 'transient'],
    ['stopped', 'transient'],
  ])('a load that fails with %s is %s', async (reason, kind) => {
    await using world = await startVertex({}, { store: BIGQUERY });
    const errorResult = { reason, message: 'Could not parse "a secret plan"' };
    const fields = { status: { state: 'DONE', errorResult } };
    world.inject({ method: 'GET', path: /\/jobs\/job_/, fault: { kind: 'patch', fields } });

    const refused = expect(submit(world, 3)).rejects;

    await refused.toMatchObject({ kind, reason: { code: reason } });
    await refused.not.toThrow(/secret plan/);
    expect((await world.journal()).jobs).toEqual([]);
  });

  test('an input that is loaded again replaces the earlier one', async () => {
    await using world = await startVertex({}, { store: BIGQUERY });
    world.inject({ path: /batchPredictionJobs$/, fault: { kind: 'status', status: 500 } });
    await expectRefusal(submit(world, 5), 'uncertain');
    const jobId = await submit(world, 3);
    const outcome = await outcomeOf(world.provider, jobId);
    expect(await rowsOf(world.provider, JOB, outcome)).toHaveLength(3);
  });
});
