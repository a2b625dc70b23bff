import { expect, test } from 'vitest';
import { listed } from '../steps.ts';
import { sendJson } from '../stubServer.ts';
import { startStub } from './stub.ts';

const batch = { id: 'batch_1', status: 'completed', created_at: 1_000 };

test.each([
  ['a page with status 200', '<html>welcome</html>'],
  ['an object without a list', { object: 'list', has_more: false }],
  ['a list that does not say whether it goes on', { data: [batch] }],
  ['an empty page that goes on', { data: [], has_more: true }],
  ['the same page forever', { data: [batch], has_more: true }],
])('%s proves nothing', async (_name, answer) => {
  const { provider } = await startStub((_request, response) => sendJson(response, answer));
  await expect(listed(provider, 0)).rejects.toMatchObject({ kind: 'transient' });
});

test('a job created in the same second is included', async () => {
  const page = { data: [batch], has_more: false };
  const { provider } = await startStub((_request, response) => sendJson(response, page));
  expect(await listed(provider, 1_000_999)).toHaveLength(1);
  expect(await listed(provider, 1_001_000)).toHaveLength(0);
});

test('reads no more pages than needed', async () => {
  const page = { data: [batch], has_more: true };
  const { provider, requests } = await startStub((_request, response) => sendJson(response, page));
  expect(await listed(provider, 2_000_000)).toEqual([]);
  expect(requests.map(({ path }) => path)).toEqual(['/v1/batches?limit=100']);
});
