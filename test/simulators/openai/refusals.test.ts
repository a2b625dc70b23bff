import { toFile } from 'openai';
import { expect, test } from 'vitest';
import { chatRequests, world } from './world.ts';

test('keys: any that looks like one, or those of the list', async () => {
  const open = await world();
  const closed = await world({ apiKeys: ['sk-right'] });
  const wrongKey = { status: 401, code: 'invalid_api_key' };
  await expect(open.clientWith('secret').batches.list()).rejects.toMatchObject(wrongKey);
  await expect(closed.client.batches.list()).rejects.toMatchObject(wrongKey);
  await expect(closed.clientWith('sk-right').batches.list()).resolves.toMatchObject({ data: [] });
  const none = await fetch(`${open.simulator.url}/batches`);
  expect(none.status).toBe(401);
  expect(none.headers.get('x-request-id')).toMatch(/^req_/);
});

test('unknown ids and paths are 404', async () => {
  const { client } = await world();
  const missing = { status: 404, type: 'invalid_request_error' };
  await expect(client.batches.retrieve('batch_x')).rejects.toMatchObject(missing);
  await expect(client.batches.cancel('batch_x')).rejects.toMatchObject(missing);
  await expect(client.files.retrieve('file-x')).rejects.toMatchObject(missing);
  await expect(client.files.content('file-x')).rejects.toMatchObject(missing);
  await expect(client.files.delete('file-x')).rejects.toMatchObject(missing);
  await expect(client.get('/nothing')).rejects.toMatchObject(missing);
});

test.each([
  ['input_file_id', { input_file_id: 'file-unknown' }],
  ['input_file_id', { input_file_id: undefined }],
  ['endpoint', { endpoint: '/v1/poems' }],
  ['completion_window', { completion_window: '1h' }],
  ['metadata', { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [i, 'x'])) }],
  ['metadata', { metadata: { ['k'.repeat(65)]: 'x' } }],
  ['metadata', { metadata: { key: 'x'.repeat(513) } }],
  ['output_expires_after.seconds', { output_expires_after: { anchor: 'created_at', seconds: 5 } }],
])('a create call with a wrong %s', async (param, change) => {
  const { client, upload } = await world();
  const file = await upload(chatRequests(1));
  const body = {
    input_file_id: file.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  };
  await expect(client.post('/batches', { body: { ...body, ...change } })).rejects.toMatchObject({
    status: 400,
    param,
  });
  expect((await client.batches.list()).data).toEqual([]);
});

test('a create call whose body is no JSON', async () => {
  const { simulator } = await world();
  const headers = { authorization: 'Bearer sk-test' };
  const response = await fetch(`${simulator.url}/batches`, { method: 'POST', headers, body: '{' });
  expect(response.status).toBe(400);
});

test('uploads that are no batch input', async () => {
  const { client, simulator } = await world();
  const file = await toFile(Buffer.from('{}'), 'input.jsonl');
  const text = await toFile(Buffer.from('{}'), 'input.txt');
  const refused = (param: string) => ({ status: 400, param });
  const create = client.files.create.bind(client.files);
  await expect(create({ file, purpose: 'vision' })).rejects.toMatchObject(refused('purpose'));
  await expect(create({ file: text, purpose: 'batch' })).rejects.toMatchObject(refused('file'));
  await expect(
    create({ file, purpose: 'batch', expires_after: { anchor: 'created_at', seconds: 1 } }),
  ).rejects.toMatchObject(refused('expires_after.seconds'));
  const headers = { authorization: 'Bearer sk-test' };
  const plain = await fetch(`${simulator.url}/files`, { method: 'POST', headers, body: 'x' });
  expect(plain.status).toBe(400);
  expect((await client.files.list()).data).toEqual([]);
});

test('wrong options name the option, a wrong plan the outcome', async () => {
  await expect(world({ jobSeconds: -1 })).rejects.toThrow('jobSeconds');
  await expect(world({ plan: ['completed', 'explode'] })).rejects.toThrow(
    /unknown outcome "explode", use completed, partial/,
  );
});
