import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signingSecret } from '../../../local/providerKinds.ts';
import { submissionKey } from '../../../shared/batch/ids.ts';
import { type QuietHandler, startQuietHandler } from '../fixtures/quietHandler.ts';

/** Jobs of the Gemini API, each created with a URL of its own. */
const PROVIDERS = {
  gemini: { kind: 'gemini', webhook: true, models: { '*': 'gemini-2.5-flash' } },
};

let handler: QuietHandler;

beforeAll(async () => {
  handler = await startQuietHandler(
    { webhookPlan: ['sent', 'lost', 'forged', 'late', 'duplicate', 'lost'] },
    PROVIDERS,
  );
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
])('%s leaves the job to the sweep', async (_what, outcome, status) => {
  const { job, version } = await handler.run(outcome);

  expect(await handler.webhooksOf(job?.id ?? '')).toEqual([{ outcome, status }]);
  expect(await handler.reaches(outcome, 'running')).toMatchObject({ version });
  await handler.sweep();
  expect(await handler.reaches(outcome, 'completed')).toMatchObject({ status: 'completed' });
});

test.each([
  ['a webhook that comes after a sweep has found the end', 'late', 1],
  ['a webhook that comes twice', 'duplicate', 2],
])('%s is accepted, and its batch is delivered once', async (_what, outcome, times) => {
  const { job } = await handler.run(outcome);
  if (outcome === 'late') await handler.sweepUntil(outcome, 'completed');

  const replies = await handler.webhooksOf(job?.id ?? '', times);

  expect(replies).toEqual(replies.map(() => ({ outcome, status: 200 })));
  expect(await handler.reaches(outcome, 'completed')).toMatchObject({
    status: 'completed',
    attempt: 1,
    delivery: { invocations: 1 },
  });
});

test('only a URL that was signed for the job is taken, whatever the body', async () => {
  const batch = await handler.run('waiting');
  await handler.webhooksOf(batch.job?.id ?? '');
  const key = submissionKey(batch);
  const signature = createHmac('sha256', signingSecret('gemini'))
    .update(JSON.stringify(['gemini', 'waiting', key]))
    .digest('base64url');
  const query = { batch: 'waiting', key, signature };
  const post = (parameters: Readonly<Record<string, string>>, body = 'garbage') =>
    fetch(`${handler.url}?${new URLSearchParams(parameters)}`, { method: 'POST', body });
  const before = await handler.items();

  const refused = [
    await post({}),
    await post({ ...query, batch: 'told' }),
    await post({ ...query, key: `${key}1` }),
    await post({ batch: 'waiting', key }),
    await post({ ...query, signature: 'A'.repeat(43) }),
  ];

  expect(refused.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
  expect(await handler.items()).toEqual(before);
  expect((await post(query)).status).toBe(200);
  expect(await handler.reaches('waiting', 'completed')).toMatchObject({ status: 'completed' });
});

test('no signature and no secret is in a log or a record', async () => {
  const logs = join(handler.dataDirectory, 'logs');
  const texts = readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8'));
  const everything = [...texts, JSON.stringify(await handler.items())].join('\n');

  expect(everything).toContain('webhook refused');
  for (const text of ['signature=', signingSecret('gemini')])
    expect(everything).not.toContain(text);
});
