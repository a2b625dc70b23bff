import { expect, test } from 'vitest';
import { chatRequests, JOB_SECONDS, world } from './world.ts';

const TEN = chatRequests(10);

test('a job and its plan continue after a restart', async () => {
  const here = await world({ plan: ['expired', 'completed'] });
  const first = await here.job(TEN, { batch_id: 'one' });
  await here.after(first.id, 0.5);
  await here.restart();
  const ended = await here.end(first.id);
  const before = await here.rows(ended.output_file_id);
  await here.restart();
  const second = await here.job(TEN, { batch_id: 'one' });
  expect(ended.status).toBe('expired');
  expect(await here.rows(ended.output_file_id)).toEqual(before);
  expect((await here.end(second.id)).status).toBe('completed');
  expect((await here.client.batches.list()).data.map(({ id }) => id)).toEqual([
    second.id,
    first.id,
  ]);
  const { jobs } = await here.simulator.journal();
  expect(jobs.map(({ status }) => status)).toEqual(['expired', 'completed']);
});

test('a job whose input was not checked before the restart is checked after it', async () => {
  const here = await world();
  const file = await here.upload(TEN);
  const { id } = await here.createFrom(file.id);
  await here.restart();
  await here.after(id, 0);
  expect((await here.end(id)).status).toBe('completed');
});

test('a restart in the middle of writing the output leaves one whole output', async () => {
  const here = await world({ plan: ['partial'] });
  const { id } = await here.job(chatRequests(3000));
  here.advanceSeconds(JOB_SECONDS);
  expect((await here.client.batches.retrieve(id)).status).toBe('finalizing');
  await here.restart();
  const ended = await here.end(id);
  const rows = [
    ...(await here.rows(ended.output_file_id)),
    ...(await here.rows(ended.error_file_id)),
  ];
  expect(ended.status).toBe('completed');
  expect(rows).toHaveLength(3000);
  expect(new Set(rows.map((row) => row.custom_id)).size).toBe(3000);
  expect((await here.client.files.list({ purpose: 'batch_output' })).data).toHaveLength(2);
});

test('the order of a listing survives restarts', async () => {
  const here = await world();
  const ids: string[] = [];
  for (let index = 0; index < 5; index++) {
    ids.push((await here.job(TEN)).id);
    await here.restart();
  }
  expect((await here.client.batches.list()).data.map(({ id }) => id)).toEqual(ids.toReversed());
});
