import { afterAll, beforeAll, expect, test } from 'vitest';
import { type QuietHandler, startQuietHandler } from '../fixtures/quietHandler.ts';

let handler: QuietHandler;

beforeAll(async () => {
  handler = await startQuietHandler({
    webhookPlan: ['sent', 'lost', 'forged', 'late', 'duplicate'],
  });
});
afterAll(() => handler?.stop());

// In the order of the plan: each is the next job that ends.

test('a job that its provider says has ended reaches the processor without a sweep', async () => {
  const { job } = await handler.run('told');

  expect(await handler.webhooksOf(job?.id ?? '')).toEqual([{ outcome: 'sent', status: 200 }]);
  expect(await handler.reaches('told', 'completed')).toMatchObject({
    status: 'completed',
    counts: { total: 2, succeeded: 2, failed: 0 },
    delivery: { invocations: 1 },
  });
});

test.each([
  ['a lost webhook', 'lost', 0],
  ['a forged webhook', 'forged', 401],
  ['a webhook that was signed too long ago', 'late', 401],
])('%s leaves the job to the sweep', async (_what, outcome, status) => {
  const { job, version } = await handler.run(outcome);

  expect(await handler.webhooksOf(job?.id ?? '')).toEqual([{ outcome, status }]);
  expect(await handler.reaches(outcome, 'running')).toMatchObject({ version });
  await handler.sweep();
  expect(await handler.reaches(outcome, 'completed')).toMatchObject({ status: 'completed' });
});

test('a webhook that comes twice is answered twice and taken once', async () => {
  const { job } = await handler.run('twice');

  expect(await handler.webhooksOf(job?.id ?? '', 2)).toEqual([
    { outcome: 'duplicate', status: 200 },
    { outcome: 'duplicate', status: 200 },
  ]);
  expect(await handler.reaches('twice', 'completed')).toMatchObject({
    status: 'completed',
    attempt: 1,
    delivery: { invocations: 1 },
  });
});
