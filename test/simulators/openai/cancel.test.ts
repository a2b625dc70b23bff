import { expect, test } from 'vitest';
import { chatRequests, world } from './world.ts';

const TEN = chatRequests(10);

test('a running job is cancelled with what it did', async () => {
  const { job, after, client, end, rows, simulator } = await world();
  const { id } = await job(TEN);
  await after(id, 0.5);
  const cancelling = await client.batches.cancel(id);
  const cancelled = await end(id);
  expect(cancelling.status).toBe('cancelling');
  expect(cancelled).toMatchObject({
    status: 'cancelled',
    request_counts: { total: 10, completed: 5, failed: 0 },
  });
  expect(await rows(cancelled.output_file_id)).toHaveLength(5);
  const { jobs, events } = await simulator.journal();
  expect(jobs[0]).toMatchObject({ status: 'cancelled', succeeded: { length: 5 } });
  expect(events.filter(({ event }) => event === 'cancel_asked')).toHaveLength(1);
});

test('a job that never ran leaves no files', async () => {
  const { job, client, end } = await world();
  const { id } = await job(TEN);
  await client.batches.cancel(id);
  const cancelled = await end(id);
  expect(cancelled.status).toBe('cancelled');
  expect(cancelled.output_file_id ?? cancelled.error_file_id).toBeUndefined();
});

test('cancelling again changes nothing; a completed job refuses with 409', async () => {
  const { job, client, end } = await world();
  const first = await job(TEN);
  await client.batches.cancel(first.id);
  await client.batches.cancel(first.id);
  await end(first.id);
  const again = await client.batches.cancel(first.id);
  expect(again.status).toBe('cancelled');
  const second = await job(TEN);
  await end(second.id);
  await expect(client.batches.cancel(second.id)).rejects.toMatchObject({
    status: 409,
    message: expect.stringContaining("Cannot cancel a batch with status 'completed'"),
  });
});

test('a job cancelled before its input was checked is cancelled, whatever the input', async () => {
  const { upload, createFrom, client, end, simulator } = await world();
  const { id } = await createFrom((await upload(['no JSON'])).id);
  await client.batches.cancel(id);
  expect(await end(id)).toMatchObject({ status: 'cancelled' });
  expect((await simulator.journal()).jobs[0]).toMatchObject({ status: 'cancelled' });
});
