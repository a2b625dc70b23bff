import { expect, test } from 'vitest';
import { fakeProvider, fakeProviders } from '../../support/fakes/fakeProvider.ts';
import { requestLine } from '../../support/world.ts';
import { type Api, startApi } from './api.ts';

async function errorOf(answer: Response) {
  const { error } = (await answer.json()) as { error: Record<string, unknown> };
  return { status: answer.status, ...error };
}

const ROUTES = [
  ...['GET /v1/files', 'POST /v1/files', 'GET /v1/files/x', 'DELETE /v1/files/x'],
  ...['GET /v1/files/x/content', 'HEAD /v1/files/x/content', 'POST /v1/uploads'],
  ...['POST /v1/uploads/x/parts', 'POST /v1/uploads/x/complete', 'POST /v1/uploads/x/cancel'],
  ...['GET /v1/batches', 'POST /v1/batches', 'GET /v1/batches/x', 'POST /v1/batches/x/cancel'],
  ...['GET /v1/models', 'GET /v1/models/x', 'GET /v1/unknown', 'PUT /v1/files'],
];

test.each(ROUTES)('%s needs a key', async (route) => {
  const answer = await startApi().call(route, { as: 'nobody' });
  expect(answer.status).toBe(401);
});

test('what does not exist has an error of the same shape', async () => {
  const api = startApi();
  expect(await errorOf(await api.call('GET /v1/unknown'))).toEqual({
    status: 404,
    message:
      'Invalid URL (GET /v1/unknown): this server answers /v1/files, /v1/uploads, /v1/batches and /v1/models',
    type: 'invalid_request_error',
    param: null,
    code: null,
  });
  const answer = await api.call('PUT /v1/files');
  expect(answer.headers.get('allow')).toBe('POST, GET');
  expect(await errorOf(answer)).toMatchObject({ status: 405, code: 'method_not_allowed' });
  expect(answer.headers.get('x-request-id')).toMatch(/^req_/);
});

test.each(ROUTES.filter((route) => route.includes('/x')))(
  '%s does not ask the table for a key that it does not take',
  async (route) => {
    const answer = await startApi().call(route.replace('/x', `/${'x'.repeat(3_000)}`));
    expect(answer.status).toBeLessThan(500);
  },
);

test.each(['batches', 'files'])('a list of %s begins after no id of any length', async (list) => {
  const answer = await startApi().call(`GET /v1/${list}?after=${'x'.repeat(3_000)}`);
  expect(await errorOf(answer)).toMatchObject({ status: 400, param: 'after' });
});

test.each([
  ['no JSON', 'hello'],
  ['no object', '[1]'],
  ['nothing', ''],
])('a body that is %s is refused', async (_, body) => {
  const answer = await startApi().call('POST /v1/batches', { body });
  expect(await errorOf(answer)).toMatchObject({ status: 400, code: 'invalid_json' });
});

test('a body is read up to its bound', async () => {
  const body = JSON.stringify({ endpoint: 'x'.repeat(64 * 1024) });
  const answer = await startApi().call('POST /v1/batches', { body });
  expect(await errorOf(answer)).toMatchObject({ status: 413, code: 'request_too_large' });
});

/** Everything that one tenant has made. */
async function belongings(api: Api) {
  const batch = await api.addBatch(['a'], 'key-red');
  const client = api.clientOf('key-red');
  const upload = await client.uploads.create({
    ...{ filename: 'x', purpose: 'batch', mime_type: 'x', bytes: 5 },
  });
  const part = await client.uploads.parts.create(upload.id, { data: new File(['12345'], 'p') });
  await api.workAll();
  return { batch, upload, part };
}

test('what one tenant has made is, to others, what does not exist', async () => {
  const api = startApi();
  const { batch, upload, part } = await belongings(api);
  const complete = { body: JSON.stringify({ part_ids: [part.id] }) };
  const data = new FormData();
  data.append('data', new File(['1'], 'p'));
  const routes: readonly (readonly [string, string, RequestInit?])[] = [
    ['GET /v1/files/:id', batch.input_file_id],
    ['DELETE /v1/files/:id', batch.input_file_id],
    ['GET /v1/files/:id/content', batch.input_file_id],
    ['GET /v1/files/:id', `file-input-${batch.id}`],
    ['GET /v1/files/:id/content', `file-input-${batch.id}`],
    ['DELETE /v1/files/:id', `file-input-${batch.id}`],
    ['GET /v1/batches/:id', batch.id],
    ['POST /v1/batches/:id/cancel', batch.id],
    ['POST /v1/uploads/:id/parts', upload.id, { body: data }],
    ['POST /v1/uploads/:id/complete', upload.id, complete],
    ['POST /v1/uploads/:id/cancel', upload.id],
  ];
  for (const as of ['key-blue', 'key-none'])
    for (const [route, id, init = {}] of routes) {
      const absent = `${id.slice(0, -4)}zzzz`;
      const theirs = await api.call(route.replace(':id', id), { ...init, as });
      const nothing = await api.call(route.replace(':id', absent), { ...init, as });
      expect([route, theirs.status]).toEqual([route, 404]);
      expect((await theirs.text()).replaceAll(id, absent)).toBe(await nothing.text());
    }
  for (const as of ['key-blue', 'key-none']) {
    const client = api.clientOf(as);
    expect((await client.files.list()).data).toEqual([]);
    expect((await client.batches.list()).data).toEqual([]);
    for (const list of ['files', 'batches']) {
      const after = list === 'files' ? batch.input_file_id : batch.id;
      expect((await api.call(`GET /v1/${list}?after=${after}`, { as })).status).toBe(400);
    }
    const stolen = client.batches.create({
      input_file_id: batch.input_file_id,
      ...{ endpoint: '/v1/embeddings', completion_window: '24h' },
    });
    await expect(stolen).rejects.toMatchObject({ status: 400, code: 'file_not_found' });
  }
});

test('a tenant sees its own, and the operator sees everything', async () => {
  const api = startApi();
  const { batch } = await belongings(api);
  const untenanted = await api.addBatch(['b'], 'key-none');
  const idsOf = async (as: string) =>
    (await api.clientOf(as).batches.list()).data.map(({ id }) => id);

  expect(await idsOf('key-red')).toEqual([batch.id]);
  expect(await idsOf('key-none')).toEqual([untenanted.id]);
  expect((await idsOf('key-operator')).toSorted()).toEqual([batch.id, untenanted.id].toSorted());
  const file = await api.clientOf('key-operator').files.retrieve(batch.input_file_id);
  expect(file.id).toBe(batch.input_file_id);
  expect((await api.batches.get(batch.id))?.spec.tenant).toBe('red');
});

/** Two entries with models of their own, and callers who may use one, both or none. */
function twoEntries(): Api {
  const entry = (models: readonly string[]) =>
    Object.assign(
      fakeProvider(() => 0),
      { models },
    );
  const providers = fakeProviders({ first: entry(['x']), second: entry(['m', 'x']) });
  const caller = (keyId: string, allowed?: readonly string[]) => {
    return { keyId, isOperator: false, ...(allowed && { providers: allowed }) };
  };
  return startApi(
    { providers },
    {
      'key-none': caller('both'),
      'key-first': caller('first', ['first']),
      'key-no': caller('no', []),
    },
  );
}

async function create(api: Api, more: object, as = 'key-none') {
  const file = new File([`${requestLine('a')}\n`], 'x');
  const { id: input_file_id } = await api.clientOf(as).files.create({ file, purpose: 'batch' });
  const usual = { input_file_id, endpoint: '/v1/embeddings', completion_window: '24h' };
  const body = JSON.stringify({ ...usual, ...more });
  const answer = await api.call('POST /v1/batches', { body, as });
  const { id } = (await answer.clone().json()) as { id?: string };
  return { answer, provider: id && (await api.batches.get(id))?.provider };
}

test('the model of the first request, or a name, chooses the entry', async () => {
  const api = twoEntries();
  expect((await create(api, {})).provider).toBe('second');
  expect((await create(api, { provider: 'first' })).provider).toBe('first');
  const metadata = { 'batch-handler-provider': 'first' };
  expect((await create(api, { metadata })).provider).toBe('first');
});

test('a key uses only its own entries', async () => {
  const api = twoEntries();
  expect((await create(api, {}, 'key-first')).provider).toBe('first');
  const refused = await create(api, { provider: 'second' }, 'key-first');
  expect(await errorOf(refused.answer)).toMatchObject({
    ...{ status: 400, param: 'provider' },
    message: 'provider is "second": use one of first',
  });
  const none = await create(api, {}, 'key-no');
  expect(await errorOf(none.answer)).toMatchObject({ status: 403, type: 'permission_error' });
});

test('models are those that the entries of the key name', async () => {
  const api = twoEntries();
  const models = (await api.clientOf().models.list()).data;
  expect(models).toEqual([
    { id: 'x', object: 'model', created: 0, owned_by: 'first' },
    { id: 'm', object: 'model', created: 0, owned_by: 'second' },
  ]);
  expect(await api.clientOf().models.retrieve('m')).toEqual(models[1]);
  await expect(api.clientOf('key-first').models.retrieve('m')).rejects.toMatchObject({
    ...{ status: 404, code: 'model_not_found' },
  });
});
