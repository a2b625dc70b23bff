import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { type Api, startApi } from './api.ts';

const CONTENT = ['{"custom_id":"a"}\n', '{"custom_id":"b"}\n', '{"custom_id":"c"}\n'];

/** Work is done as soon as it is sent, as by a worker that is quick. */
function quickApi(): Api {
  const api = startApi({ wait: async () => api.workAll() });
  return api;
}

async function begun(api: Api, { bytes = CONTENT.join('').length, parts = CONTENT } = {}) {
  const client = api.clientOf();
  const upload = await client.uploads.create({
    ...{ filename: 'big.jsonl', purpose: 'batch', mime_type: 'application/jsonl', bytes },
  });
  const ids: string[] = [];
  for (const part of parts) {
    const { id } = await client.uploads.parts.create(upload.id, { data: new File([part], 'p') });
    ids.push(id);
  }
  return { client, upload, ids };
}

function complete(api: Api, uploadId: string, body: object) {
  return api.call(`POST /v1/uploads/${uploadId}/complete`, { body: JSON.stringify(body) });
}

async function errorIn(answer: Response): Promise<Record<string, unknown>> {
  return ((await answer.json()) as { error: Record<string, unknown> }).error;
}

test('parts become a file in the order in which they are named, however often they are completed', async () => {
  const api = quickApi();
  const { client, upload, ids } = await begun(api, { parts: CONTENT.toReversed() });
  expect(upload).toMatchObject({ object: 'upload', status: 'pending', filename: 'big.jsonl' });
  const md5 = createHash('md5').update(CONTENT.join('')).digest('hex').toUpperCase();

  const done = await client.uploads.complete(upload.id, { part_ids: ids.toReversed(), md5 });

  expect(done).toMatchObject({
    status: 'completed',
    file: { purpose: 'batch', status: 'processed' },
  });
  const fileId = done.file?.id ?? '';
  expect(await (await client.files.content(fileId)).text()).toBe(CONTENT.join(''));
  expect((await client.files.list()).data.map(({ id }) => id)).toEqual([fileId]);
  const again = await client.uploads.complete(upload.id, { part_ids: ids.toReversed(), md5 });
  expect(again).toEqual(done);
});

test('a call that waits too long says so, and its repetition has the answer', async () => {
  const api = startApi();
  const { upload, ids } = await begun(api);

  const first = await complete(api, upload.id, { part_ids: ids });
  expect(first.status).toBe(503);
  expect(first.headers.get('retry-after')).toBe('30');
  expect(await errorIn(first)).toMatchObject({ code: 'upload_not_ready' });
  // The first message may be lost, so that the second call sends another.
  api.workQueue.length = 0;
  const others = await complete(api, upload.id, { part_ids: ids.slice(1) });
  expect((await errorIn(others)).code).toBe('upload_not_open');
  await api.workAll();
  const second = await complete(api, upload.id, { part_ids: ids });
  expect(await second.json()).toMatchObject({ status: 'completed' });
});

test('parts that are not the file are refused, and the upload can be completed with others', async () => {
  const api = quickApi();
  const { client, upload, ids } = await begun(api);

  const tooFew = await complete(api, upload.id, { part_ids: ids.slice(1) });
  expect(tooFew.status).toBe(400);
  expect(await errorIn(tooFew)).toMatchObject({ code: 'upload_size_mismatch', param: 'part_ids' });
  const foreign = await complete(api, upload.id, { part_ids: ['../../file'] });
  expect((await errorIn(foreign)).code).toBe('upload_part_not_found');
  const wrong = { part_ids: ids, md5: '0'.repeat(32) };
  expect((await errorIn(await complete(api, upload.id, wrong))).code).toBe(
    'upload_checksum_mismatch',
  );
  expect((await client.uploads.complete(upload.id, { part_ids: ids })).status).toBe('completed');
});

test('an upload that was cancelled, or has expired, takes nothing more', async () => {
  const api = quickApi();
  const { client, upload, ids } = await begun(api);
  expect((await client.uploads.cancel(upload.id)).status).toBe('cancelled');
  expect((await client.uploads.cancel(upload.id)).status).toBe('cancelled');
  expect((await errorIn(await complete(api, upload.id, { part_ids: ids }))).code).toBe(
    'upload_not_open',
  );

  const late = await begun(api);
  api.advance(24 * 60 * 60);
  const answer = await complete(api, late.upload.id, { part_ids: late.ids });
  expect((await errorIn(answer)).message).toContain('it has expired');
  const part = client.uploads.parts.create(late.upload.id, { data: new File(['x'], 'p') });
  await expect(part).rejects.toMatchObject({ status: 400, code: 'upload_not_open' });
});

test('a completed upload cannot be cancelled', async () => {
  const api = quickApi();
  const { client, upload, ids } = await begun(api);
  await client.uploads.complete(upload.id, { part_ids: ids });
  await expect(client.uploads.cancel(upload.id)).rejects.toMatchObject({ status: 400 });
});
