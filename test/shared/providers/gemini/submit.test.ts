import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { verifyGeminiWebhook } from '../../../../shared/providers/gemini/webhook.ts';
import type { Submission, WebhookTarget } from '../../../../shared/providers/provider.ts';
import { scratchFileOf } from '../scratchFile.ts';
import { sendJson } from '../stubServer.ts';
import { API_KEY } from './provider.ts';
import { startStub } from './stub.ts';

const MODEL = 'gpt-4o-mini';

async function submission(
  bodies: readonly object[],
  changes: Partial<Submission> = {},
): Promise<Submission> {
  const endpoint = changes.endpoint ?? '/v1/chat/completions';
  const file = await scratchFileOf(
    bodies.map((body, index) => ({
      custom_id: `id "${index}" é`,
      method: 'POST',
      url: endpoint,
      body: { model: MODEL, ...body },
    })),
  );
  onTestFinished(() => file.remove());
  return {
    key: 'bhabcdefghij012345-1',
    batchId: 'a-batch',
    endpoint,
    model: MODEL,
    format: 'openai',
    completionWindow: '24h',
    options: {},
    file,
    requests: bodies.length,
    createDeadlineMs: 60_000,
    ...changes,
  };
}

/** Accepts uploads in one chunk, and names a session at another host. */
const answerAll = (settings = {}, webhook?: WebhookTarget) =>
  startStub(
    ({ path, headers }, response) => {
      const session = 'https://elsewhere.example.com/upload/v1beta/files?upload_id=u-1';
      if (headers['x-goog-upload-command'] === 'start')
        return sendJson(response, {}, 200, { 'x-goog-upload-url': session });
      if (path.includes('upload_id')) return sendJson(response, { file: { name: 'files/in-1' } });
      return sendJson(response, { name: 'batches/1', metadata: {} });
    },
    settings,
    webhook,
  );

const CHAT = { messages: [{ role: 'user', content: 'Hi' }] };

test('uploads the translated requests under the key, then creates one job', async () => {
  const { provider, requests } = await answerAll({ models: { '*': 'gemini-2.5-flash' } });

  const { jobId } = await provider.submit(await submission([CHAT, CHAT]));

  expect(jobId).toBe('batches/1');
  const [start, chunk, create] = requests;
  expect(start).toMatchObject({ method: 'POST', path: '/upload/v1beta/files' });
  expect(JSON.parse(start?.body ?? '')).toEqual({ file: { displayName: 'bhabcdefghij012345-1' } });
  const request = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] };
  const lines = (chunk?.body ?? '').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { key: 'id "0" é', request },
    { key: 'id "1" é', request },
  ]);
  expect(start?.headers).toMatchObject({
    'x-goog-upload-header-content-length': String(Buffer.byteLength(chunk?.body ?? '')),
  });
  expect(create).toMatchObject({
    method: 'POST',
    path: '/v1beta/models/gemini-2.5-flash:batchGenerateContent',
  });
  expect(JSON.parse(create?.body ?? '')).toEqual({
    batch: { displayName: 'bhabcdefghij012345-1', inputConfig: { fileName: 'files/in-1' } },
  });
});

test('the key is sent in a header to the same host, and in no URL', async () => {
  const { provider, requests } = await answerAll();
  await provider.submit(await submission([CHAT]));
  expect(requests).toHaveLength(3);
  for (const { path, headers } of requests) {
    expect(headers['x-goog-api-key']).toBe(API_KEY);
    expect(path).not.toContain(API_KEY);
  }
});

test('embeddings have a create call of their own', async () => {
  const { provider, requests } = await answerAll();
  const body = { input: 'a text', dimensions: 256 };
  await provider.submit(await submission([body], { endpoint: '/v1/embeddings' }));
  expect(JSON.parse(requests[1]?.body ?? '').request).toEqual({
    content: { parts: [{ text: 'a text' }] },
    outputDimensionality: 256,
  });
  expect(requests[2]?.path).toBe(`/v1beta/models/${MODEL}:asyncBatchEmbedContent`);
});

test('native requests are passed through, without the model', async () => {
  const { provider, requests } = await answerAll();
  const body = { contents: [{ parts: [{ text: 'x' }] }], cachedContent: 'cachedContents/1' };
  await provider.submit(await submission([body], { format: 'native' }));
  expect(JSON.parse(requests[1]?.body ?? '').request).toEqual(body);
});

test('a request that the settings refuse by now is permanent, before anything is sent', async () => {
  const { provider, requests } = await answerAll();
  const submitting = provider.submit(await submission([{ ...CHAT, user: 'u' }]));
  await expect(submitting).rejects.toMatchObject({ kind: 'permanent' });
  expect(requests).toEqual([]);
});

const webhookWith = (secret: string | undefined): WebhookTarget => ({
  url: 'https://abc.lambda-url.eu-west-1.on.aws/gemini',
  secret: async () => secret,
});

test('a job of an entry with webhooks is created with a URL that is signed for it', async () => {
  const { provider, requests } = await answerAll({}, webhookWith('a secret'));

  await provider.submit(await submission([CHAT], { batchId: 'a-batch/1' }));

  const { batch } = JSON.parse(requests[2]?.body ?? '');
  expect(batch.webhookConfig).toEqual({ uris: [expect.any(String)] });
  const url = new URL(batch.webhookConfig.uris[0]);
  expect(url.origin + url.pathname).toBe('https://abc.lambda-url.eu-west-1.on.aws/gemini');
  const query = Object.fromEntries(url.searchParams);
  const request = { entry: 'gemini', query, headers: {}, body: '' };
  expect(await verifyGeminiWebhook(request, 'a secret')).toEqual({
    id: 'bhabcdefghij012345-1',
    job: { batchId: 'a-batch/1', submissionKey: 'bhabcdefghij012345-1' },
  });
  for (const { path, headers, body } of requests)
    expect(path + JSON.stringify(headers) + body).not.toContain('a secret');
});

test.each([undefined, ''])('without a secret (%j), a job has no webhook', async (secret) => {
  const { provider, requests } = await answerAll({}, webhookWith(secret));

  await provider.submit(await submission([CHAT]));

  expect(JSON.parse(requests[2]?.body ?? '').batch).not.toHaveProperty('webhookConfig');
});

test('a refusal that quotes the URL of the webhook is kept without its signature', async () => {
  const session = 'https://elsewhere.example.com/upload/v1beta/files?upload_id=u-1';
  const { provider, requests } = await startStub(
    ({ path, headers, body }, response) => {
      if (headers['x-goog-upload-command'] === 'start')
        return sendJson(response, {}, 200, { 'x-goog-upload-url': session });
      if (path.includes('upload_id')) return sendJson(response, { file: { name: 'files/in-1' } });
      if (!path.includes('batchGenerateContent')) return sendJson(response, {});
      const [uri] = JSON.parse(body).batch.webhookConfig.uris;
      const error = { code: 400, status: 'INVALID_ARGUMENT', message: `Bad URI: ${uri}` };
      return sendJson(response, { error }, 400);
    },
    {},
    webhookWith('a secret'),
  );

  const error = await provider.submit(await submission([CHAT])).catch((thrown) => thrown);

  const [uri = ''] = JSON.parse(requests[2]?.body ?? '').batch.webhookConfig.uris;
  const signature = new URL(uri).searchParams.get('signature');
  expect(error).toMatchObject({ kind: 'permanent' });
  expect(error.reason.message).toMatch(/Bad URI: https:.*signature=…$/);
  expect(signature).toHaveLength(43);
  expect(inspect(error, { depth: null })).not.toContain(signature);
});
