import { appendFile, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectAzure } from '../../../../shared/providers/azure/index.ts';
import type { Submission } from '../../../../shared/providers/provider.ts';
import { scratchFileOf } from '../scratchFile.ts';
import { jobContext } from '../steps.ts';
import { sendJson, startStubServer } from '../stubServer.ts';
import { azureConnection } from './connection.ts';

const JOB = jobContext({ endpoint: '/v1/chat/completions', model: 'gpt-4o' });
const line = (body: object) => ({
  custom_id: 'a',
  method: 'POST',
  url: '/v1/chat/completions',
  body: { model: 'gpt-4o', ...body },
});
const answerAll = () =>
  startStubServer(({ path }, response) =>
    sendJson(response, { id: /files/.test(path) ? 'file-1' : 'batch_1' }),
  );

async function submission(lines: readonly object[]): Promise<Submission> {
  const file = await scratchFileOf(lines);
  onTestFinished(() => file.remove());
  const { length: requests } = lines;
  return { ...JOB, completionWindow: '24h', file, requests, createDeadlineMs: 60_000 };
}

test("uploads and creates with the v1 API, with the key in Azure's header", async () => {
  const { url, requests } = await answerAll();
  const provider = await connectAzure(azureConnection(url, { models: { '*': 'my-deployment' } }));

  await provider.submit(await submission([line({}), line({ n: 2 })]));

  const [upload, create] = requests;
  expect(upload?.path).toBe('/openai/v1/files?api-version=v1');
  expect(upload?.headers).toMatchObject({ 'api-key': 'test-key' });
  expect(upload?.headers).not.toHaveProperty('authorization');
  expect(upload?.headers['content-length']).toBe(String(Buffer.byteLength(upload?.body ?? '')));
  expect(upload?.body).toContain('"body":{"model":"my-deployment","n":2}}\n');
  expect(upload?.body).not.toContain('gpt-4o');
  expect(upload?.body).toContain('name="expires_after[seconds]"\r\n\r\n2592000\r\n');
  expect(create?.path).toBe('/openai/v1/batches?api-version=v1');
  expect(JSON.parse(create?.body ?? '')).toEqual({
    input_file_id: 'file-1',
    endpoint: '/chat/completions',
    completion_window: '24h',
    metadata: { batch_handler_key: JOB.key, batch_id: JOB.batchId },
    output_expires_after: { anchor: 'created_at', seconds: 2_592_000 },
  });
});

test('a version with a date uses the older paths', async () => {
  const { url, requests } = await answerAll();
  const provider = await connectAzure(azureConnection(url, { apiVersion: '2024-10-21' }));

  await provider.submit(await submission([line({})]));

  expect(requests.map(({ path }) => path)).toEqual([
    '/openai/files?api-version=2024-10-21',
    '/openai/batches?api-version=2024-10-21',
  ]);
  expect(requests[0]?.body).toContain('"url":"/chat/completions"');
  for (const { body } of requests) expect(body).not.toContain('expires_after');
});

test('a preview with a date may not know the expiry of files, and gets the upload without it', async () => {
  const { url, requests } = await startStubServer(({ path, body }, response) => {
    const refusal = {
      data: [{ code: 'invalidPayload', message: "Unknown field 'expires_after'" }],
    };
    if (body.includes('expires_after')) sendJson(response, { errors: refusal }, 400);
    else sendJson(response, { id: /files/.test(path) ? 'file-1' : 'batch_1' });
  });
  const provider = await connectAzure(azureConnection(url, { apiVersion: '2025-04-01-preview' }));

  await provider.submit(await submission([line({})]));

  expect(requests.map(({ path }) => path.split('?')[0])).toEqual([
    '/openai/files',
    '/openai/files',
    '/openai/batches',
  ]);
});

test('an unchanged line keeps its bytes, and the copy of the file is removed', async () => {
  const { url, requests } = await answerAll();
  const provider = await connectAzure(azureConnection(url));
  const submitted = await submission([line({ messages: [] })]);
  const exact =
    '{"custom_id":"b", "method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-4o","seed":12345678901234567890}}';
  await appendFile(submitted.file.path, `${exact}\n`);

  await provider.submit(submitted);

  expect(requests[0]?.body).toContain(exact);
  const left = await readdir(dirname(submitted.file.path));
  expect(left.filter((name) => name.endsWith('.changed'))).toEqual([]);
});

test('a token of Entra ID replaces the key in every call', async () => {
  const entra = await startStubServer((_request, response) =>
    sendJson(response, { access_token: 'my-token', expires_in: 3599 }),
  );
  const { url, requests } = await answerAll();
  const entraId = { tenantId: 'tenant', clientId: 'client' };
  const provider = await connectAzure(azureConnection(url, { entraId }), entra.url);

  await provider.submit(await submission([line({})]));
  await provider.deleteFiles('batch_1').catch(() => undefined);

  expect(requests.length).toBeGreaterThan(2);
  for (const { headers } of requests) {
    expect(headers.authorization).toBe('Bearer my-token');
    expect(headers).not.toHaveProperty('api-key');
  }
  expect(new URLSearchParams(entra.requests[0]?.body).get('client_secret')).toBe('test-key');
  expect(entra.requests).toHaveLength(1);
});

test('without a token nothing is sent, and the failure is not uncertain', async () => {
  const entra = await startStubServer((_request, response) =>
    sendJson(response, { error: 'invalid_client' }, 401),
  );
  const { url, requests } = await answerAll();
  const entraId = { tenantId: 'tenant', clientId: 'client' };
  const provider = await connectAzure(azureConnection(url, { entraId }), entra.url);

  const submitting = provider.submit(await submission([line({})]));

  await expect(submitting).rejects.toMatchObject({
    kind: 'account',
    reason: { code: 'invalid_client' },
  });
  expect(requests).toEqual([]);
});
