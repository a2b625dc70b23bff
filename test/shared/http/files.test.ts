import { expect, test, vi } from 'vitest';
import { newFile } from '../../../shared/batch/file.ts';
import { ApiError } from '../../../shared/http/apiError.ts';
import { parseRange } from '../../../shared/http/fileContent.ts';
import { fileStore } from '../../../shared/stores/fileRecords.ts';
import { NOW } from '../../support/given.ts';
import { requestLine } from '../../support/world.ts';
import { type Api, startApi } from './api.ts';

const CONTENT = '{"custom_id":"a"}\n{"custom_id":"b"}\n';

async function uploaded(api: Api, content = CONTENT) {
  const file = new File([content], 'x.jsonl');
  return api.clientOf().files.create({ file, purpose: 'batch' });
}

/** A form whose fields are in this order. */
function form(...fields: readonly (readonly [string, string | File])[]): FormData {
  const data = new FormData();
  for (const [name, value] of fields) data.append(name, value);
  return data;
}

const FILE = ['file', new File([CONTENT], 'x.jsonl')] as const;
const PURPOSE = ['purpose', 'batch'] as const;

async function errorIn(answer: Response) {
  const { error } = (await answer.json()) as { error: Record<string, unknown> };
  return { status: answer.status, ...error };
}

test('a file is stored, shown, and expires after 30 days', async () => {
  const api = startApi();
  const file = await uploaded(api);

  expect(file).toEqual({
    id: expect.stringMatching(/^file-[a-z0-9]{24}$/),
    object: 'file',
    bytes: CONTENT.length,
    created_at: expect.any(Number),
    expires_at: file.created_at + 30 * 24 * 60 * 60,
    filename: 'x.jsonl',
    purpose: 'batch',
    status: 'processed',
  });
  expect(await api.clientOf().files.retrieve(file.id)).toEqual(file);
  expect(api.bucket.text(`uploads/files/${file.id}.jsonl`)).toBe(CONTENT);
  api.advance(30 * 24 * 60 * 60);
  expect((await api.call(`GET /v1/files/${file.id}`)).status).toBe(404);
  expect((await api.clientOf().files.list()).data).toEqual([]);
});

test.each([
  [
    'before',
    [PURPOSE, ['expires_after[anchor]', 'created_at'], ['expires_after[seconds]', '3600'], FILE],
  ],
  [
    'after',
    [FILE, PURPOSE, ['expires_after[anchor]', 'created_at'], ['expires_after[seconds]', '3600']],
  ],
] as const)('fields may come %s the file', async (_, fields) => {
  const answer = await startApi().call('POST /v1/files', { body: form(...fields) });
  const file = (await answer.json()) as { created_at: number; expires_at: number };
  expect(file.expires_at - file.created_at).toBe(3_600);
});

test.each([
  ['another purpose', [FILE, ['purpose', 'vision']], 'purpose', 'invalid_value'],
  ['no purpose', [FILE], 'purpose', 'missing_required_parameter'],
  ['no file', [PURPOSE], 'file', 'missing_required_parameter'],
  ['an empty file', [PURPOSE, ['file', new File([], 'x')]], 'file', 'file_empty'],
  ['an unknown field', [PURPOSE, FILE, ['color', 'red']], 'color', 'unknown_parameter'],
  ['two files', [PURPOSE, FILE, FILE], null, 'invalid_multipart'],
  ['a long field', [['purpose', 'x'.repeat(2_000)], FILE], null, 'invalid_multipart'],
  [
    'a life of a second',
    [PURPOSE, FILE, ['expires_after[anchor]', 'created_at'], ['expires_after[seconds]', '1']],
    'expires_after.seconds',
    'invalid_value',
  ],
] as const)('a form with %s is refused, and nothing is stored', async (_, fields, param, code) => {
  const api = startApi();
  const answer = await api.call('POST /v1/files', { body: form(...fields) });
  expect(await errorIn(answer)).toMatchObject({ status: 400, param, code });
  expect([...api.bucket.objects.keys()]).toEqual([]);
});

test.each([
  ['no form', { body: '{}', headers: { 'content-type': 'application/json' } }],
  ['nothing', {}],
  [
    'a form that breaks off',
    {
      body: '--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nabc',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
    },
  ],
  ['no boundary', { body: 'abc', headers: { 'content-type': 'multipart/form-data' } }],
])('a body that is %s is refused', async (_, init) => {
  const api = startApi();
  const answer = await api.call('POST /v1/files', init);
  expect(await errorIn(answer)).toMatchObject({ status: 400, code: 'invalid_multipart' });
  expect([...api.bucket.objects.keys()]).toEqual([]);
});

test('a body beyond what the host takes is refused with the way out', async () => {
  const api = startApi({ maxBodyBytes: 1_000 });
  const headers = { 'content-length': '1001' };
  const answer = await api.call('POST /v1/files', { body: form(PURPOSE, FILE), headers });
  expect(await errorIn(answer)).toMatchObject({
    ...{ status: 413, code: 'file_too_large' },
    message: expect.stringContaining('/v1/uploads'),
  });
});

test('a failure of the store is ours, and says nothing of itself', async () => {
  const api = startApi();
  const writer = vi.spyOn(api.ports.objects, 'writer').mockImplementation(() => ({
    write: async () => Promise.reject(new Error('secret bucket is on fire')),
    close: async () => ({ etag: '' }),
    abort: async () => {},
  }));
  const answer = await api.call('POST /v1/files', { body: form(PURPOSE, FILE) });
  writer.mockRestore();
  const error = await errorIn(answer);
  expect(error).toMatchObject({ status: 500, type: 'server_error', code: 'internal_error' });
  expect(JSON.stringify(error)).not.toContain('fire');
  expect(api.logged.join('\n')).toContain('on fire');
});

test('no name of a file and no content is in a log', async () => {
  const api = startApi();
  await uploaded(api);
  await api.call('POST /v1/files', { body: form(FILE, ['purpose', 'x']) });
  expect(api.logged.length).toBeGreaterThan(1);
  expect(api.logged.join('\n')).not.toMatch(/x\.jsonl|custom_id/);
});

test('a file that was deleted is gone, a repeated call has the same answer, and a list goes on after it', async () => {
  const api = startApi();
  const client = api.clientOf();
  const files = [];
  for (let i = 0; i < 3; i++) {
    files.unshift((await uploaded(api)).id);
    api.advance(1);
  }
  const deleted: string[] = [];
  for await (const { id } of client.files.list({ limit: 1 })) {
    expect(await client.files.delete(id)).toEqual({ id, object: 'file', deleted: true });
    expect(await client.files.delete(id)).toEqual({ id, object: 'file', deleted: true });
    deleted.push(id);
  }
  expect(deleted).toEqual(files);
  expect((await api.call(`GET /v1/files/${files[0]}/content`)).status).toBe(404);
  expect((await client.files.list()).data).toEqual([]);
});

const batchOf = (api: Api, fileId: string) =>
  api.clientOf().batches.create({
    ...{ input_file_id: fileId, endpoint: '/v1/embeddings', completion_window: '24h' },
  });

test('a file is deleted with its content, as soon as every batch of it has a copy', async () => {
  const api = startApi();
  const { id, input_file_id: fileId } = await api.addBatch(['a']);
  await batchOf(api, fileId);
  const refused = await api.call(`DELETE /v1/files/${fileId}`);
  expect(await errorIn(refused)).toMatchObject({
    ...{ status: 409, code: 'file_in_use', message: expect.stringContaining(id) },
  });
  // OpenAI's SDKs repeat the call by themselves.
  expect(Object.fromEntries(refused.headers)).toMatchObject({
    ...{ 'x-should-retry': 'true', 'retry-after': '20' },
  });
  await api.workAll();

  await api.clientOf().files.delete(fileId);

  expect(api.bucket.objects.has(`uploads/files/${fileId}.jsonl`)).toBe(false);
  await api.start();
  expect((await api.clientOf().batches.retrieve(id)).status).toBe('in_progress');
  await expect(batchOf(api, fileId)).rejects.toMatchObject({ code: 'file_not_found' });
});

test('a file is kept for no batch that was cancelled, or refused before it was made', async () => {
  const api = startApi();
  const { id, input_file_id: fileId } = await api.addBatch(['a']);
  const refused = await api.call('POST /v1/batches', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ input_file_id: fileId, endpoint: '/v1/unknown', completion_window: '24h' },
    }),
  });
  expect(refused.status).toBe(400);
  await api.clientOf().batches.cancel(id);
  expect((await api.call(`DELETE /v1/files/${fileId}`)).status).toBe(200);
});

test('so many batches at once of one file that it could not be known who needs it are put off', async () => {
  const api = startApi();
  const { id } = await uploaded(api, `${requestLine('a')}\n`);
  for (let count = 0; count < 50; count++) await batchOf(api, id);
  await expect(batchOf(api, id)).rejects.toMatchObject({ status: 503, code: 'file_in_use' });
  await api.workAll();
  await batchOf(api, id);
  expect((await api.call(`DELETE /v1/files/${id}`)).status).toBe(409);
});

test('a file whose content cannot be removed now is deleted, and a repeated call removes it', async () => {
  const api = startApi();
  const { id } = await uploaded(api);
  const remove = vi.spyOn(api.ports.objects, 'remove').mockRejectedValueOnce(new Error('not now'));
  const deleted = { id, object: 'file', deleted: true };

  expect(await api.clientOf().files.delete(id)).toEqual(deleted);

  expect(api.bucket.objects.size).toBe(1);
  expect(api.logged.join('\n')).toContain('not now');
  expect((await api.call(`GET /v1/files/${id}`)).status).toBe(404);
  expect(await api.clientOf().files.delete(id)).toEqual(deleted);
  expect(remove).toHaveBeenCalledTimes(2);
  expect(api.bucket.objects.size).toBe(0);
});

test('a store that removes nothing keeps the content out of reach, and no batch waits for it', async () => {
  const api = startApi();
  Object.assign(api.ports.objects, { remove: undefined });
  const { input_file_id: fileId } = await api.addBatch(['a']);
  expect((await api.call(`DELETE /v1/files/${fileId}`)).status).toBe(200);
  expect((await api.call(`GET /v1/files/${fileId}/content`)).status).toBe(404);
  expect(api.bucket.objects.size).toBe(1);
});

test('files are listed in both orders', async () => {
  const api = startApi();
  const older = await uploaded(api);
  api.advance(1);
  const newer = await uploaded(api);
  const ids = async (query: string) => {
    const answer = await api.call(`GET /v1/files${query}`);
    return (await answer.json()) as { data: { id: string }[]; has_more: boolean };
  };
  expect(await ids('')).toMatchObject({ data: [newer, older], has_more: false });
  expect(await ids('?order=asc&limit=1&purpose=batch')).toMatchObject({
    ...{ data: [older], has_more: true, first_id: older.id, last_id: older.id },
  });
  expect((await api.call('GET /v1/files?purpose=batch_output')).status).toBe(400);
  expect((await api.call('GET /v1/files?order=up')).status).toBe(400);
  expect((await api.call('GET /v1/files?after=file-x')).status).toBe(400);
});

/** Files by their lives in seconds, the oldest first, a second apart, of which none is old. */
async function storedFiles(api: Api, lives: readonly number[]): Promise<string[]> {
  const newest = NOW + lives.length * 1_000;
  for (const [index, lifeSeconds] of lives.entries())
    await fileStore(api.ports.items).create(
      newFile(
        {
          ...{ fileId: fileIdOf(index), filename: 'f', bytes: 1, purpose: 'batch' },
          ...{ tenant: undefined, lifeSeconds },
        },
        NOW + index * 1_000,
      ),
    );
  api.advance((newest - NOW) / 1_000);
  return lives.map((_, index) => fileIdOf(index)).toReversed();
}

const fileIdOf = (index: number) => `file-${String(index).padStart(24, '0')}`;
const DAY_SECONDS = 24 * 60 * 60;

test.each([
  ['as many files as fit', Array(2).fill(DAY_SECONDS), 2, 2, false],
  ['one file more', Array(3).fill(DAY_SECONDS), 2, 2, true],
  ['as many as one request to the table takes', Array(100).fill(DAY_SECONDS), 100, 100, false],
  ['one more than that', Array(101).fill(DAY_SECONDS), 100, 100, true],
  ['one less than a page of the table', Array(100).fill(DAY_SECONDS), 99, 99, true],
  [
    'only files that have expired after the page',
    [1, 1, ...Array(2).fill(DAY_SECONDS)],
    2,
    2,
    false,
  ],
  [
    'many expired ones before a last one',
    [DAY_SECONDS, ...Array(250).fill(1), DAY_SECONDS],
    1,
    1,
    true,
  ],
  ['many expired ones in a page', [DAY_SECONDS, ...Array(250).fill(1), DAY_SECONDS], 2, 2, false],
  ['nothing but expired ones', Array(101).fill(1), 100, 0, false],
  ['fewer than asked for', [DAY_SECONDS], 10_000, 1, false],
] as const)('has_more of %s', async (_, lives, limit, shown, hasMore) => {
  const api = startApi();
  const ids = await storedFiles(api, lives);
  api.advance(2);

  const answer = await api.call(`GET /v1/files?limit=${limit}`);

  const list = (await answer.json()) as { data: { id: string }[]; has_more: boolean };
  const alive = ids.filter((id) => lives[Number(id.slice(-24))] !== 1);
  expect(list.data.map(({ id }) => id)).toEqual(alive.slice(0, shown));
  expect(list.has_more).toBe(hasMore);
});

test('a deleted file at the end of a page is nothing that follows', async () => {
  const api = startApi();
  const ids = await storedFiles(api, Array(4).fill(DAY_SECONDS));
  for (const id of ids.slice(2)) await api.clientOf().files.delete(id);
  expect(await api.clientOf().files.list({ limit: 2 })).toMatchObject({ has_more: false });
  expect(await api.clientOf().files.list({ limit: 1 })).toMatchObject({ has_more: true });
});

test.each([
  ['bytes=0-3', '0-3', CONTENT.slice(0, 4)],
  ['bytes=30-', `30-${CONTENT.length - 1}`, CONTENT.slice(30)],
  ['bytes=-5', `${CONTENT.length - 5}-${CONTENT.length - 1}`, CONTENT.slice(-5)],
  ['bytes=30-999', `30-${CONTENT.length - 1}`, CONTENT.slice(30)],
])('a range is honoured: %s', async (range, shown, content) => {
  const api = startApi();
  const { id } = await uploaded(api);
  const answer = await api.call(`GET /v1/files/${id}/content`, { headers: { range } });
  expect(answer.status).toBe(206);
  expect(answer.headers.get('content-range')).toBe(`bytes ${shown}/${CONTENT.length}`);
  expect(answer.headers.get('content-length')).toBe(String(content.length));
  expect(await answer.text()).toBe(content);
});

test('a range beyond the file is refused, and one that is none is ignored', async () => {
  const api = startApi();
  const { id } = await uploaded(api);
  const content = (range: string) =>
    api.call(`GET /v1/files/${id}/content`, { headers: { range } });
  const beyond = await content('bytes=99-');
  expect(beyond.status).toBe(416);
  expect(beyond.headers.get('content-range')).toBe(`bytes */${CONTENT.length}`);
  for (const range of ['bytes=5-2', 'lines=1-2', 'bytes=0-1,3-4', 'bytes=-'])
    expect((await content(range)).status).toBe(200);
  expect(() => parseRange('bytes=-0', 5)).toThrow(ApiError);
});

test('HEAD has the size and no body, and reads nothing', async () => {
  const api = startApi();
  const { id } = await uploaded(api);
  const read = vi.spyOn(api.ports.objects, 'read');
  const answer = await api.call(`HEAD /v1/files/${id}/content`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-length')).toBe(String(CONTENT.length));
  expect(await answer.text()).toBe('');
  expect(read).not.toHaveBeenCalled();
});

test('where the host can sign URLs, content is a redirect of five minutes', async () => {
  const presign = vi.fn(async () => 'https://bucket.example/signed');
  const api = startApi({ presign });
  const { id } = await uploaded(api);
  const answer = await api.call(`GET /v1/files/${id}/content`);
  expect([answer.status, answer.headers.get('location')]).toEqual([
    302,
    'https://bucket.example/signed',
  ]);
  expect(presign).toHaveBeenCalledExactlyOnceWith(
    { bucket: 'test-bucket', key: `uploads/files/${id}.jsonl` },
    { seconds: 300 },
  );
});

test('what is small enough for the host is not a redirect, and neither is a small range', async () => {
  const presign = async () => 'https://bucket.example/signed';
  const api = startApi({ presign, maxUnsignedBytes: CONTENT.length });
  const small = await uploaded(api);
  const large = await api.clientOf().files.create({
    file: new File([CONTENT.repeat(2)], 'large.jsonl'),
    purpose: 'batch',
  });
  const answerTo = (id: string, headers: Record<string, string> = {}) =>
    api.call(`GET /v1/files/${id}/content`, { headers });

  expect(await (await answerTo(small.id)).text()).toBe(CONTENT);
  expect((await answerTo(large.id)).status).toBe(302);
  expect(await (await answerTo(large.id, { range: 'bytes=0-1' })).text()).toBe(CONTENT.slice(0, 2));
});

test('the rows of a batch can be deleted', async () => {
  const api = startApi();
  const { id } = await api.addBatch(['a']);
  await api.workAll();
  api.advance(8 * 24 * 60 * 60);
  await api.sweep();
  await api.workAll();
  const fileId = `file-errors-${id}`;
  expect((await api.call(`GET /v1/files/${fileId}/content`)).status).toBe(200);
  const file = await api.clientOf().files.delete(fileId);
  expect(file).toEqual({ id: fileId, object: 'file', deleted: true });
  expect((await api.call(`GET /v1/files/${fileId}/content`)).status).toBe(404);
});
