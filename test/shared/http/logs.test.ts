import { expect, it, vi } from 'vitest';
import * as z from 'zod';
import { authenticateBy } from '../../../shared/http/authenticate.ts';
import { hashOf, makeKey } from '../../../shared/http/keys.ts';
import { apiKeyStore } from '../../../shared/stores/apiKeys.ts';
import { systemChance } from '../../../shared/system.ts';
import { requestLine } from '../../support/world.ts';
import { type Api, startApi } from './api.ts';

/** The application with keys in its table, and a key. */
async function startWithKey(changes: Parameters<typeof startApi>[0] = {}) {
  const api: Api = startApi({
    authenticate: (authorization) => authenticate(authorization),
    wait: () => api.workAll(),
    ...changes,
  });
  const { items, clock, log } = api.ports;
  const authenticate = authenticateBy({ items, clock, log });
  const { keyId, key } = makeKey(systemChance);
  const sha256 = hashOf(key);
  await apiKeyStore(items).create({ keyId, sha256, name: 'key-name', createdAt: clock.now() });
  return { api, keyId, key };
}

const lineOf = (route: string, fields: object) =>
  expect.stringMatching(
    new RegExp(
      `^request answered .*"method":"${route.replace(' ', '","route":"')}".*${JSON.stringify(
        fields,
      ).slice(1, -1)}`,
    ),
  );

it('what is made, cancelled and deleted is logged with the id of the key', async () => {
  const { api, keyId, key } = await startWithKey();
  const client = api.clientOf(key);
  const batch = await api.addBatch(['a'], key);
  await client.batches.cancel(batch.id);
  await client.files.delete(batch.input_file_id);
  const upload = await client.uploads.create({
    ...{ filename: 'x.jsonl', purpose: 'batch', mime_type: 'text/jsonl', bytes: 5 },
  });
  await client.uploads.cancel(upload.id);

  expect(api.logged.filter((line) => line.startsWith('request answered'))).toEqual([
    lineOf('POST /v1/files', { status: 200, keyId, id: batch.input_file_id }),
    lineOf('POST /v1/batches', { status: 200, keyId, id: batch.id }),
    lineOf('POST /v1/batches/:batch/cancel', { status: 200, keyId, id: batch.id }),
    lineOf('DELETE /v1/files/:file', { status: 200, keyId, id: batch.input_file_id }),
    lineOf('POST /v1/uploads', { status: 200, keyId, id: upload.id }),
    lineOf('POST /v1/uploads/:upload/cancel', { status: 200, keyId, id: upload.id }),
  ]);
});

it('a request without an accepted key is not logged, so that a flood costs no logs', async () => {
  const { api } = await startWithKey();
  for (const as of ['', 'x', makeKey(systemChance).key])
    expect((await api.call('GET /v1/batches', { as })).status).toBe(401);
  expect(api.logged).toEqual([]);
});

it('no key, prompt, file name or metadata is in a log, whatever is sent', async () => {
  let isBroken = false;
  const { api, key } = await startWithKey({
    presign: async () => {
      if (isBroken) throw new Error('no signer');
      return 'https://bucket.example/signed-url';
    },
  });
  const call = (what: string, init: RequestInit = {}) => api.call(what, { ...init, as: key });
  const form = (text: string, fields: Readonly<Record<string, string>>, field = 'file') => {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    body.set(field, new File([text], 'secret-name.jsonl'));
    return { body };
  };
  const prompts = `${requestLine('secret-prompt')}\n`;
  const client = api.clientOf(key);
  const file = await client.files.create({
    file: new File([prompts], 'secret-name.jsonl'),
    purpose: 'batch',
  });
  const created = {
    input_file_id: file.id,
    endpoint: '/v1/embeddings' as const,
    completion_window: '24h' as const,
    metadata: { topic: 'secret-metadata' },
  };
  await client.batches.create(created, { headers: { 'idempotency-key': 'secret-idempotency' } });
  await api.start();
  isBroken = true;
  const calls: readonly (readonly [string, RequestInit?])[] = [
    ['POST /v1/files', form(prompts, { purpose: 'secret-purpose' })],
    ['POST /v1/files', form(prompts, { purpose: 'batch', secret: 'secret-field' })],
    ['POST /v1/files', form(prompts, { purpose: 'batch' }, 'secret-field')],
    ['POST /v1/batches', { body: '{"secret-json' }],
    ['POST /v1/batches', { body: JSON.stringify({ ...created, secret: 'secret-body' }) }],
    ['POST /v1/batches', { body: JSON.stringify({ ...created, endpoint: 'secret-endpoint' }) }],
    ['GET /v1/batches?after=secret-cursor&limit=secret-limit'],
    ['GET /v1/batches/secret-id'],
    ['GET /v1/files/secret-id/content'],
    ['GET /v1/secret-route?secret=secret-query'],
    ['PUT /v1/files'],
    [`GET /v1/files/${file.id}/content`, { headers: { range: 'secret-range' } }],
    ['GET /v1/models/secret-model'],
  ];
  const statuses = await Promise.all(calls.map(async (each) => (await call(...each)).status));
  expect(new Set(statuses)).toEqual(new Set([400, 404, 405, 500]));

  expect(api.logged.length).toBeGreaterThan(calls.length);
  const all = api.logged.join('\n');
  expect(all).not.toMatch(/secret/);
  expect(all).not.toContain('signed-url');
  for (const part of [key, key.slice(-38), hashOf(key), 'key-name'])
    expect(all).not.toContain(part);
});

it('headers of over 16 KB are refused before the key is looked at', async () => {
  const asked: unknown[] = [];
  const { api } = await startWithKey({
    async authenticate(authorization) {
      asked.push(authorization);
      return { keyId: 'k', isOperator: false };
    },
  });
  const headers = { 'x-large': 'x'.repeat(16 * 1024) };
  const answer = await api.call('GET /v1/models', { headers });
  expect(answer.status).toBe(431);
  expect(await answer.json()).toMatchObject({ error: { code: 'headers_too_large' } });
  expect(asked).toEqual([]);
  const fits = { 'x-large': 'x'.repeat(15 * 1024) };
  expect((await api.call('GET /v1/models', { headers: fits })).status).toBe(200);
});

it('the body is not read before the key was accepted', async () => {
  const { api } = await startWithKey();
  let isRead = false;
  const body = new ReadableStream(
    {
      pull(controller) {
        isRead = true;
        controller.enqueue(new Uint8Array(1024));
      },
    },
    { highWaterMark: 0 },
  );
  const answer = await api.call('POST /v1/files', { body, duplex: 'half', as: 'x' } as RequestInit);
  expect(answer.status).toBe(401);
  expect(isRead).toBe(false);
});

const SECRET = 'secret-text of a user';
const QUOTING: readonly (readonly [string, () => unknown])[] = [
  ['broken JSON', () => JSON.parse(`{"prompt": ${SECRET}`)],
  ['the value of a header', () => new Headers({ 'x-name': `${SECRET}\0` })],
  ['a URL', () => new URL(SECRET)],
  ['a property of nothing', () => Object.create({}).none[SECRET]],
  ['a number', () => (1).toFixed(Number(SECRET.length) * 100)],
  [
    'a value that is not of its schema',
    () => z.object({ name: z.enum(['a']) }).parse({ name: SECRET }),
  ],
];

it.each(QUOTING)('a fault about %s is logged without it, and with its place', async (_, fail) => {
  const { api, key } = await startWithKey();
  vi.spyOn(api.ports.batches, 'get').mockImplementation(async () => {
    fail();
    throw new Error('nothing failed');
  });
  expect((await api.call('GET /v1/batches/b1', { as: key })).status).toBe(500);
  const [line = ''] = api.logged.filter((each) => each.startsWith('request failed'));
  expect(line).toMatch(/Error at .*logs\.test\.ts|name: must be/);
  expect(line).not.toMatch(/secret|text of a user/);
});

it('the record of a file that is broken is logged without the name in it', async () => {
  const { api, key } = await startWithKey();
  const id = `file-${'0'.repeat(24)}`;
  const item = { id: `file#${id}`, writeToken: 't', version: 0, schemaVersion: 1 };
  await api.ports.items.put({ ...item, record: `{"filename": ${SECRET}` }, { is: 'absent' });
  expect((await api.call(`GET /v1/files/${id}`, { as: key })).status).toBe(500);
  const all = api.logged.join('\n');
  expect(all).toContain(`file ${id} cannot be read: its JSON is broken`);
  expect(all).not.toMatch(/secret|text of a user/);
});
