import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BatchFields } from '../../../shared/batch/record.ts';
import { signed } from '../../../simulators/openai/webhooks.ts';
import { eventually } from '../fixtures/eventually.ts';
import { type QuietHandler, startQuietHandler } from '../fixtures/quietHandler.ts';

const SECRET = `whsec_${Buffer.from('local-simulator-openai').toString('base64')}`;
const OTHER_SECRET = `whsec_${Buffer.from('somebody else').toString('base64')}`;
const MINUTE = 60_000;

const eventOf = (jobId: string, type = 'batch.completed') =>
  JSON.stringify({ object: 'event', id: 'evt_1', type, created_at: 1, data: { id: jobId } });

describe('a URL that takes webhooks', () => {
  let handler: QuietHandler;
  /** Its job has ended, and nobody has said so. */
  let waiting: BatchFields;
  let jobId: string;

  beforeAll(async () => {
    handler = await startQuietHandler({ webhookPlan: ['lost'] });
    waiting = await handler.run('waiting');
    jobId = waiting.job?.id ?? '';
    await handler.webhooksOf(jobId);
  });
  afterAll(() => handler?.stop());

  /** What a webhook has, for one that is as it should be but for these. */
  const post = ({
    body = eventOf(jobId),
    secret = SECRET,
    id = crypto.randomUUID(),
    ageMs = 0,
    path = 'openai',
    headers = {},
    method = 'POST',
  }: Partial<Record<'body' | 'secret' | 'id' | 'path' | 'method', string>> & {
    ageMs?: number;
    headers?: Record<string, string>;
  }) =>
    fetch(new URL(path, handler.url), {
      method,
      headers: { ...signed(body, secret, { id, time: Date.now() - ageMs }), ...headers },
      ...(method === 'POST' ? { body } : {}),
    });

  test.each<[string, number, Parameters<typeof post>[0]]>([
    ['signed with another secret', 401, { secret: OTHER_SECRET }],
    [
      'whose body was changed',
      401,
      { headers: signed('{}', SECRET, { id: 'a', time: Date.now() }) },
    ],
    ['without a signature', 401, { headers: { 'webhook-signature': '' } }],
    ['whose signature is none', 401, { headers: { 'webhook-signature': 'v1,===' } }],
    ['without an id', 401, { headers: { 'webhook-id': '' } }],
    ['whose id could be read in two ways', 401, { id: 'a.b' }],
    ['without a time', 401, { headers: { 'webhook-timestamp': 'now' } }],
    ['of six minutes ago', 401, { ageMs: 6 * MINUTE }],
    ['of six minutes ahead', 401, { ageMs: -6 * MINUTE }],
    ['that is no JSON', 400, { body: 'batch.completed' }],
    ['that is no event', 400, { body: '[]' }],
    ['that names no job', 400, { body: '{"type":"batch.completed","data":{}}' }],
    ['for an entry that there is not', 404, { path: 'other' }],
    ['for no entry', 404, { path: '.' }],
    ['for a deeper path', 404, { path: 'openai/x' }],
    ['for a name that every object has', 404, { path: 'constructor' }],
    ['that is too large', 413, { body: `{"a":"${'x'.repeat(16 * 1024)}"}` }],
    ['by GET', 405, { method: 'GET' }],
  ])('refuses one %s, with %i, and nothing changes', async (_what, status, webhook) => {
    const before = await handler.items();

    const response = await post(webhook);

    expect(response.status).toBe(status);
    expect(await handler.items()).toEqual(before);
  });

  test('takes one that tells of something else, and nothing changes', async () => {
    const before = await handler.items();

    const response = await post({ body: eventOf('resp_1', 'response.completed') });

    expect(response.status).toBe(200);
    expect(await handler.items()).toEqual(before);
  });

  test('takes one of a job that is nobody’s, and notes only that it has come', async () => {
    const before = await handler.items();

    const response = await post({ body: eventOf('batch_nobody'), id: 'foreign' });

    expect(response.status).toBe(200);
    expect(await handler.items()).toEqual([
      ...before,
      expect.objectContaining({ id: { S: 'webhook#openai#foreign' } }),
    ]);
  });

  test('takes one in a body of bytes, and the batch reaches its processor', async () => {
    expect((await handler.reaches('waiting', 'running'))?.status).toBe('running');

    // Any content type but that of JSON reaches the function as base64.
    const headers = { 'content-type': 'application/octet-stream' };
    const response = await post({ id: 'valid', headers });

    expect(response.status).toBe(200);
    expect(await handler.reaches('waiting', 'completed')).toMatchObject({
      status: 'completed',
      attempt: 1,
      delivery: { invocations: 1 },
    });
  });

  test('takes a replay, and nothing changes', async () => {
    // The batch has ended, and owes nothing any more: it is in no index.
    const before = await eventually(
      () => handler.items(),
      (items) => items.every(({ id, queue }) => !id?.S?.startsWith('batch#') || !queue),
    );

    const response = await post({ id: 'valid' });

    expect(response.status).toBe(200);
    expect(await handler.items()).toEqual(before);
    expect(handler.log()).toContain('webhook ignored; it was received before');
  });

  test('has logged no body and no secret', () => {
    const log = handler.log();
    expect(log).toContain('webhook refused');
    for (const text of [SECRET, SECRET.slice(6), 'evt_1', 'v1,', 'batch.completed', 'xxxx'])
      expect(log).not.toContain(text);
  });
});

test('a URL whose signing secret is not filled in takes nothing, and says why', async () => {
  // The real API's key, without the secret of its webhooks: what a fresh deployment has.
  const environment = { OPENAI_API_KEY: 'sk-none', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' };
  const handler = await startQuietHandler({ environment });
  try {
    const before = await handler.items();
    const body = eventOf('batch_1');
    const headers = signed(body, 'whsec_RklMTC1NRQ==', { id: 'a', time: Date.now() });

    const response = await fetch(handler.url, { method: 'POST', headers, body });

    expect(response.status).toBe(503);
    expect(await handler.items()).toEqual(before);
    expect(handler.log()).toMatch(/webhook refused; fill in the signing secret.*put-secret-value/);
  } finally {
    await handler.stop();
  }
});

test('OpenAI’s own library takes what the simulator signs', async () => {
  const body = eventOf('batch_1');
  const headers = signed(body, SECRET, { id: 'wh_1', time: Date.now() });

  const event = await new OpenAI({ apiKey: 'none' }).webhooks.unwrap(body, headers, SECRET);

  expect(event).toMatchObject({ type: 'batch.completed', data: { id: 'batch_1' } });
});
