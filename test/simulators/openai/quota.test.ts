import { expect, test } from 'vitest';
import { chatRequest, chatRequests, world } from './world.ts';

const TEN = chatRequests(10);
const REFUSAL = {
  code: 'token_limit_exceeded',
  message: expect.stringMatching(
    /Enqueued token limit reached for gpt-4o-mini in organization .* Limit: 500 enqueued tokens\./,
  ),
};

test('a job over the limit of its model fails; there is room when the others have ended', async () => {
  const { job, after, end } = await world({ enqueuedTokenLimit: 500 });
  const first = await job(TEN);
  const second = await job(TEN);
  const otherModel = await job(TEN.map((_, i) => chatRequest(`other-${i}`, { model: 'gpt-4o' })));
  expect(await after(second.id, 0.2)).toMatchObject({
    status: 'failed',
    errors: { data: [REFUSAL] },
  });
  expect((await end(first.id)).status).toBe('completed');
  expect((await end(otherModel.id)).status).toBe('completed');
  const third = await job(TEN);
  expect((await end(third.id)).status).toBe('completed');
});

test.each([400, 429] as const)('the same limit refuses the create call with %i', async (status) => {
  const { job, client } = await world({ enqueuedTokenLimit: 500, enqueuedTokenRefusal: status });
  await job(TEN);
  await expect(job(TEN)).rejects.toMatchObject({ status, ...REFUSAL });
  expect((await client.batches.list()).data).toHaveLength(1);
});
