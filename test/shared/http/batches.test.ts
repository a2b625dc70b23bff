import { expect, test, vi } from 'vitest';
import { BAD_REQUEST, SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { requestLine } from '../../support/world.ts';
import { type Api, startApi } from './api.ts';

async function endJobs(api: Api, failing: readonly string[] = []) {
  for (const job of api.provider.jobs)
    if (job.state.state === 'running')
      api.provider.end(job, { kind: 'completed' }, (id) =>
        failing.includes(id) ? BAD_REQUEST : SUCCESS,
      );
  await api.sweep();
  await api.workAll();
}

test("a batch runs from its file to its rows, by OpenAI's own client", async () => {
  const api = startApi();
  const client = api.clientOf();

  const created = await api.addBatch(['a', 'b']);
  expect(created).toMatchObject({
    id: expect.stringMatching(/^batch_[a-z0-9]{24}$/),
    object: 'batch',
    status: 'validating',
    endpoint: '/v1/embeddings',
    completion_window: '24h',
    request_counts: { total: 0, completed: 0, failed: 0 },
    metadata: null,
  });
  expect(created.output_file_id).toBeUndefined();

  await api.start();
  expect(await client.batches.retrieve(created.id)).toMatchObject({
    status: 'in_progress',
    model: 'm',
    request_counts: { total: 2, completed: 0, failed: 0 },
    in_progress_at: expect.any(Number),
  });

  await endJobs(api, ['b']);
  expect((await client.batches.retrieve(created.id)).status).toBe('finalizing');
  await api.settle();
  const ended = await client.batches.retrieve(created.id);
  expect(ended).toMatchObject({
    status: 'completed',
    output_file_id: `file-output-${created.id}`,
    error_file_id: `file-errors-${created.id}`,
    request_counts: { total: 2, completed: 1, failed: 1 },
    usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
    completed_at: expect.any(Number),
  });
  const output = await client.files.content(ended.output_file_id ?? '');
  const row = JSON.parse(await output.text());
  expect(row).toMatchObject({ id: expect.any(String), custom_id: 'a', error: null });
  const input = await client.files.content(ended.input_file_id);
  expect(await input.text()).toBe(`${requestLine('a')}\n${requestLine('b')}\n`);
  expect(await client.files.retrieve(ended.error_file_id ?? '')).toMatchObject({
    filename: `${created.id}_error.jsonl`,
    purpose: 'batch_output',
  });
});

test('a batch that is too large for one job shows what its parts have come to', async () => {
  const api = startApi();
  Object.assign(api.provider, { limits: { ...api.provider.limits, maxRequests: 2 } });
  const { id } = await api.addBatch(['a', 'b', 'c', 'd']);
  for (let sweeps = 0; sweeps < 3; sweeps++) await api.start();
  expect(api.provider.jobs).toHaveLength(2);
  const [first] = api.provider.jobs;
  if (first) api.provider.end(first, { kind: 'completed' }, () => SUCCESS);
  await api.sweep();
  await api.workAll();

  expect(await api.clientOf().batches.retrieve(id)).toMatchObject({
    ...{ id, status: 'in_progress', in_progress_at: expect.any(Number) },
    request_counts: { total: 4, completed: 2, failed: 0 },
    usage: { total_tokens: 10 },
  });
  expect((await api.call(`GET /v1/batches/${id}%2F1`)).status).toBe(404);
});

test('a batch whose requests all failed is completed and has no output file', async () => {
  const api = startApi();
  const { id } = await api.addBatch(['a']);
  await api.start();
  await endJobs(api, ['a']);

  const ended = await api.clientOf().batches.retrieve(id);

  expect(ended).toMatchObject({ status: 'completed', error_file_id: `file-errors-${id}` });
  expect(ended.output_file_id).toBeUndefined();
  expect((await api.call(`GET /v1/files/file-output-${id}`)).status).toBe(404);
});

test('a batch whose input is refused has failed, with its lines', async () => {
  const api = startApi();
  const client = api.clientOf();
  const file = await client.files.create({
    file: new File([`${requestLine('a')}\n{"custom_id":"b"}\n`], 'x.jsonl'),
    purpose: 'batch',
  });
  const { id } = await client.batches.create({
    ...{ input_file_id: file.id, endpoint: '/v1/embeddings', completion_window: '24h' },
  });
  await api.workAll();

  expect(await client.batches.retrieve(id)).toMatchObject({
    status: 'failed',
    failed_at: expect.any(Number),
    errors: { object: 'list', data: [{ line: 2, param: null, message: expect.any(String) }] },
  });
});

test('a batch that reaches its deadline has expired, with a row for every request', async () => {
  const api = startApi();
  const { id } = await api.addBatch(['a']);
  await api.workAll();
  api.advance(8 * 24 * 60 * 60);
  await api.sweep();
  await api.workAll();

  const ended = await api.clientOf().batches.retrieve(id);
  expect(ended).toMatchObject({
    status: 'expired',
    expired_at: expect.any(Number),
    request_counts: { total: 1, completed: 0, failed: 1 },
  });
  const rows = await api.clientOf().files.content(ended.error_file_id ?? '');
  expect(JSON.parse(await rows.text())).toMatchObject({
    id: expect.stringMatching(/^batch_req_./),
    custom_id: 'a',
    error: { code: 'batch_expired' },
  });
});

test('a cancel is carried out once, and what has ended cannot be cancelled', async () => {
  const api = startApi();
  const client = api.clientOf();
  const { id } = await api.addBatch(['a']);
  await api.start();

  expect(await client.batches.cancel(id)).toMatchObject({
    status: 'cancelling',
    cancelling_at: expect.any(Number),
  });
  expect((await client.batches.cancel(id)).status).toBe('cancelling');
  await api.sweep();
  await api.sweep();
  await api.workAll();
  expect(await client.batches.retrieve(id)).toMatchObject({
    status: 'cancelled',
    cancelled_at: expect.any(Number),
    cancelling_at: expect.any(Number),
  });
  expect((await client.batches.cancel(id)).status).toBe('cancelled');

  const other = await api.addBatch(['b']);
  await api.start();
  await endJobs(api);
  await api.settle();
  const refused = await api.call(`POST /v1/batches/${other.id}/cancel`);
  expect(refused.status).toBe(409);
  expect(refused.headers.get('x-should-retry')).toBe('false');
});

test('batches are listed from the newest, page by page', async () => {
  const api = startApi();
  const ids: string[] = [];
  for (const customId of ['a', 'b', 'c']) {
    ids.unshift((await api.addBatch([customId])).id);
    api.advance(1);
  }
  await api.add('by-message', ['d']);

  const first = await api.clientOf().batches.list({ limit: 2 });
  expect(first.data.map(({ id }) => id)).toEqual(['by-message', ids[0]]);
  expect(first.has_more).toBe(true);
  const all: string[] = [];
  for await (const { id } of api.clientOf().batches.list({ limit: 1 })) all.push(id);
  expect(all).toEqual(['by-message', ...ids]);
  expect((await api.call('GET /v1/batches?after=batch_0')).status).toBe(400);
  expect((await api.call('GET /v1/batches?limit=0')).status).toBe(400);
});

test('a list goes on after a batch whose first try failed before its record was written', async () => {
  const api = startApi();
  const { items } = api.ports;
  await api.addBatch(['older'], 'key-red');
  api.advance(1);
  const { id: input_file_id } = await uploaded(api, 'key-red');
  const create = () => post(api, { ...BODY, input_file_id }, { 'idempotency-key': 'k' }, 'key-red');
  const { put } = items;
  const failing = vi
    .spyOn(items, 'put')
    .mockImplementation((item, condition) =>
      item.id.startsWith('batch#') ? Promise.reject(new Error('killed')) : put(item, condition),
    );
  expect((await create()).status).toBe(500);
  failing.mockRestore();
  api.advance(1);
  expect((await create()).status).toBe(200);

  const found: string[] = [];
  for await (const { id } of api.clientOf('key-red').batches.list({ limit: 1 })) {
    found.push(id);
    if (found.length > 2) break;
  }
  expect([found.length, new Set(found).size]).toEqual([2, 2]);
});

test('has_more is only said of a page that another follows, however many batches are between', async () => {
  const api = startApi();
  const list = async (limit: number, as = 'key-none') => {
    const { data, has_more } = await api.clientOf(as).batches.list({ limit });
    return [data.length, has_more];
  };
  expect(await list(1)).toEqual([0, false]);
  const options = { endpoint: '/v1/embeddings' };
  await api.add('first', ['a'], options);
  for (let index = 0; index < 100; index++) {
    api.advance(1);
    await api.add(`red-${index}`, ['a'], { ...options, tenant: 'red' });
  }
  expect(await list(1)).toEqual([1, false]);
  await api.add('last', ['a'], options);
  expect(await list(1)).toEqual([1, true]);
  expect(await list(2)).toEqual([2, false]);
  expect(await list(99, 'key-red')).toEqual([99, true]);
  expect(await list(100, 'key-red')).toEqual([100, false]);
  expect(await list(100, 'key-operator')).toEqual([100, true]);
});

const BODY = { endpoint: '/v1/embeddings', completion_window: '24h' };

async function uploaded(api: Api, apiKey?: string, content = `${requestLine('a')}\n`) {
  const file = new File([content], 'x.jsonl');
  return api.clientOf(apiKey).files.create({ file, purpose: 'batch' });
}

function post(api: Api, body: object, headers: Record<string, string> = {}, as?: string) {
  const init = { body: JSON.stringify(body), headers, ...(as && { as }) };
  return api.call('POST /v1/batches', init);
}

async function idIn(answer: Response): Promise<string> {
  const { id } = (await answer.json()) as { id: string };
  return id;
}

test('the same Idempotency-Key gives the same batch, and none for another body', async () => {
  const api = startApi();
  const { id: input_file_id } = await uploaded(api);
  const body = { ...BODY, input_file_id };
  const headers = { 'idempotency-key': 'k' };

  const answers = await Promise.all([post(api, body, headers), post(api, body, headers)]);
  const [first, second] = await Promise.all(answers.map(idIn));
  expect(second).toBe(first);
  expect(await idIn(await post(api, body))).not.toBe(first);

  const other = await post(api, { ...body, metadata: { a: 'b' } }, headers);
  expect(other.status).toBe(409);
  expect(await other.json()).toMatchObject({ error: { type: 'idempotency_error' } });
  const listed = await api.clientOf().batches.list();
  expect(listed.data).toHaveLength(2);
});

test('a repeat by an SDK gives the batch of the first try, for 15 minutes', async () => {
  const api = startApi();
  const { id: input_file_id } = await uploaded(api);
  const body = { ...BODY, input_file_id };
  const idOf = async (retries: string) => {
    return idIn(await post(api, body, { 'x-stainless-retry-count': retries }));
  };

  const first = await idOf('0');
  expect(await idOf('1')).toBe(first);
  const second = await idOf('0');
  expect(second).not.toBe(first);
  expect(await idOf('2')).toBe(second);
  api.advance(16 * 60);
  expect(await idOf('1')).not.toBe(second);
});

test.each([
  ['no file', { ...BODY, input_file_id: 'file-nothing' }, 'input_file_id', 'file_not_found'],
  ['no input', BODY, 'input_file_id', 'missing_required_parameter'],
  ['a null', { ...BODY, input_file_id: null }, 'input_file_id', 'missing_required_parameter'],
  ['an unknown field', { ...BODY, input_file_id: 'x', color: 'red' }, 'color', 'unknown_parameter'],
])('a request with %s is refused, naming the field', async (_, body, param, code) => {
  const answer = await post(startApi(), body);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({
    error: { type: 'invalid_request_error', param, code, message: expect.any(String) },
  });
});

test.each([
  [{ completion_window: '1h' }, 'completion_window', 'takes 24h'],
  [{ endpoint: '/v1/videos' }, 'endpoint', 'use one of /v1/chat/completions'],
  [{ provider: 'nobody' }, 'provider', 'use one of openai'],
  [
    { metadata: { 'batch-handler-provider': 'nobody' } },
    'metadata.batch-handler-provider',
    'use one of openai',
  ],
  [
    { output_expires_after: { anchor: 'created_at', seconds: 5 } },
    'output_expires_after.seconds',
    '3600',
  ],
])('what no entry takes is refused, naming what is allowed: %o', async (change, param, text) => {
  const api = startApi();
  const { id: input_file_id } = await uploaded(api);
  const answer = await post(api, { ...BODY, input_file_id, ...change });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({
    error: { param, message: expect.stringContaining(text) },
  });
});

test('the rows are served until output_expires_after', async () => {
  const api = startApi();
  const { id: input_file_id } = await uploaded(api);
  const output_expires_after = { anchor: 'created_at', seconds: 3_600 };
  const id = await idIn(await post(api, { ...BODY, input_file_id, output_expires_after }));
  await api.start();
  await endJobs(api);
  await api.settle();

  const file = await api.clientOf().files.retrieve(`file-output-${id}`);
  expect((file.expires_at ?? 0) - file.created_at).toBe(3_600);
  api.advance(3_601);
  expect((await api.call(`GET /v1/files/file-output-${id}/content`)).status).toBe(404);
});
