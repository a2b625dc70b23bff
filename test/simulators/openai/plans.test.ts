import { expect, test } from 'vitest';
import { sentAgain } from '../../../simulators/engine/journal.ts';
import { chatRequests, world } from './world.ts';

const TWENTY = chatRequests(20);

test('completed: every request has a row, in another order, and the statuses follow in time', async () => {
  // Prepare
  const { job, after, rows } = await world();
  // Act
  const batch = await job(TWENTY);
  const running = await after(batch.id, 0.5);
  const finalizing = await after(batch.id, 0.45);
  const completed = await after(batch.id, 0.1);
  // Assess
  expect(batch.status).toBe('validating');
  expect(running).toMatchObject({
    status: 'in_progress',
    request_counts: { total: 20, completed: 10, failed: 0 },
  });
  expect(finalizing.status).toBe('finalizing');
  expect(completed).toMatchObject({
    status: 'completed',
    model: 'gpt-4o-mini',
    request_counts: { total: 20, completed: 20, failed: 0 },
  });
  expect(completed.error_file_id).toBeUndefined();
  const output = await rows(completed.output_file_id);
  const ids = TWENTY.map(({ custom_id }) => custom_id);
  expect(output.map((row) => row.custom_id)).not.toEqual(ids);
  expect(output.map((row) => row.custom_id).sort()).toEqual(ids.toSorted());
  const tokens = output.reduce((sum, row) => sum + row.response.body.usage.total_tokens, 0);
  expect(completed.usage?.total_tokens).toBe(tokens);
});

test('partial: a tenth fails with 429 or 500, the rest is done', async () => {
  const { job, end, rows } = await world({ plan: ['partial'] });
  const ended = await end((await job(TWENTY)).id);
  expect(ended).toMatchObject({
    status: 'completed',
    request_counts: { total: 20, completed: 18, failed: 2 },
  });
  const errors = await rows(ended.error_file_id);
  expect(errors.map((row) => row.response.status_code)).toEqual([429, 500]);
  expect(errors[0]).toMatchObject({ error: null, response: { body: { error: {} } } });
  expect(await rows(ended.output_file_id)).toHaveLength(18);
});

test.each([
  ['failed_quota', 'token_limit_exceeded', null],
  ['failed_invalid', 'invalid_json_line', 1],
])('%s: fails with %s and no file', async (outcome, code, line) => {
  const { job, after } = await world({ plan: [outcome] });
  const failed = await after((await job(TWENTY)).id, 0.5);
  expect(failed).toMatchObject({
    status: 'failed',
    errors: { object: 'list', data: [{ code, line }] },
    request_counts: { total: 0, completed: 0, failed: 0 },
  });
  expect(failed.failed_at).toBeGreaterThan(failed.created_at);
  expect(failed.output_file_id ?? failed.error_file_id).toBeUndefined();
});

test('all_errors: completed without an output file', async () => {
  const { job, end, rows } = await world({ plan: ['all_errors'] });
  const ended = await end((await job(TWENTY)).id);
  expect(ended).toMatchObject({
    status: 'completed',
    request_counts: { total: 20, completed: 0, failed: 20 },
  });
  expect(ended.output_file_id).toBeUndefined();
  const errors = await rows(ended.error_file_id);
  expect(errors.map((row) => row.response.status_code)).toEqual(Array(20).fill(400));
});

test.each([
  ['expired', 'batch_expired'],
  ['cancelled', 'batch_cancelled'],
])('%s: half the rows, the rest as %s', async (outcome, code) => {
  const { job, end, rows } = await world({ plan: [outcome] });
  const ended = await end((await job(TWENTY)).id);
  expect(ended.status).toBe(outcome);
  expect(ended).toHaveProperty(`${outcome}_at`);
  const done = await rows(ended.output_file_id);
  const left = await rows(ended.error_file_id);
  expect(done).toHaveLength(10);
  expect(left.map((row) => row.error.code)).toEqual(Array(10).fill(code));
  expect(new Set([...done, ...left].map((row) => row.custom_id)).size).toBe(20);
});

test('stuck: in progress until it is cancelled, and then has what it did', async () => {
  const { job, end, client, rows } = await world({ plan: ['stuck'] });
  const { id } = await job(TWENTY);
  const stuck = await end(id);
  expect(stuck).toMatchObject({ status: 'in_progress', request_counts: { completed: 10 } });
  await client.batches.cancel(id);
  const cancelled = await end(id);
  expect(cancelled.status).toBe('cancelled');
  expect(await rows(cancelled.output_file_id)).toHaveLength(10);
});

test('lost_reply: one job per create call, each without a reply', async () => {
  const { upload, createFrom, client, end } = await world({ plan: ['lost_reply'] });
  const file = await upload(TWENTY);
  const metadata = { batch_id: 'one', batch_handler_key: 'key-1' };
  await expect(createFrom(file.id, metadata)).rejects.toThrow('Connection error');
  const [found, ...others] = (await client.batches.list()).data;
  expect(others).toEqual([]);
  expect(found?.metadata).toEqual(metadata);
  expect(await end(found?.id ?? '')).toMatchObject({ status: 'completed' });
  await expect(createFrom(file.id, metadata)).rejects.toThrow('Connection error');
  expect((await client.batches.list()).data).toHaveLength(2);
});

test('the plan runs per batch, the last outcome repeating, and the journal says which job did what', async () => {
  const { job, end, simulator } = await world({ plan: ['failed_quota', 'expired', 'completed'] });
  const statuses: (string | undefined)[] = [];
  for (const batch_id of ['a', 'b', 'a', 'a', 'a'])
    statuses.push((await end((await job(TWENTY, { batch_id })).id)).status);
  const { jobs } = await simulator.journal();
  expect(statuses).toEqual(['failed', 'failed', 'expired', 'completed', 'completed']);
  expect(jobs.map(({ batch, outcome, status }) => [batch, outcome, status])).toEqual([
    ['a', 'failed_quota', 'failed'],
    ['b', 'failed_quota', 'failed'],
    ['a', 'expired', 'expired'],
    ['a', 'completed', 'completed'],
    ['a', 'completed', 'completed'],
  ]);
  expect(jobs.map(({ succeeded }) => succeeded.length)).toEqual([0, 0, 10, 20, 20]);
  expect(jobs[2]?.sent).toEqual(TWENTY.map(({ custom_id }) => custom_id));
  // Each job had the whole input: 10 requests of the first and 20 of the second were sent again.
  expect(sentAgain(jobs)).toHaveLength(30);
});

test('without metadata a batch is known by the name of its file', async () => {
  const { upload, createFrom, end } = await world({ plan: ['all_errors', 'completed'] });
  const first = await createFrom((await upload(TWENTY, 'one.jsonl')).id);
  const other = await createFrom((await upload(TWENTY, 'two.jsonl')).id);
  const second = await createFrom((await upload(TWENTY, 'one.jsonl')).id);
  expect((await end(first.id)).request_counts?.failed).toBe(20);
  expect((await end(other.id)).request_counts?.failed).toBe(20);
  expect((await end(second.id)).request_counts?.failed).toBe(0);
});

test('which lines fail follows from the batch and its input: another run fails the same', async () => {
  const failed: string[][] = [];
  for (let run = 0; run < 2; run++) {
    const { job, end, rows } = await world({ plan: ['partial'] });
    const ended = await end((await job(chatRequests(100), { batch_id: 'one' })).id);
    failed.push((await rows(ended.error_file_id)).map((row) => row.custom_id));
  }
  expect(failed[0]).toHaveLength(10);
  expect(failed[1]).toEqual(failed[0]);
});
