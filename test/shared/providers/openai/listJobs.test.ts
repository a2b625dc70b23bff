import { expect, test } from 'vitest';
import { listed } from '../steps.ts';
import { sendJson } from '../stubServer.ts';
import { startStub } from './stub.ts';

const batch = {
  id: 'batch_1',
  status: 'completed',
  created_at: 1_000,
  input_file_id: 'file-in',
  metadata: { of: 'others' },
};

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

test.each([
  ['shows neither metadata nor an input', { metadata: null, input_file_id: 7 }],
  ['has not ended, and its input does not exist yet', { metadata: null, status: 'validating' }],
  ['has a state that nobody knows, and no input', { metadata: {}, status: 7 }],
])('a list in which a batch %s proves nothing', async (_what, change) => {
  const { provider } = await startStub(({ path }, response) =>
    path.includes('/files/')
      ? sendJson(response, { error: { message: 'No such File object: file-in' } }, 404)
      : sendJson(response, { data: [{ ...batch, ...change }], has_more: false }),
  );
  await expect(listed(provider, 0)).rejects.toMatchObject({ kind: 'transient' });
});

test('a batch that has ended and whose input was deleted is not looked for', async () => {
  const { provider } = await startStub(({ path }, response) =>
    path.includes('/files/')
      ? sendJson(response, { error: { message: 'No such File object: file-in' } }, 404)
      : sendJson(response, { data: [{ ...batch, metadata: null }], has_more: false }),
  );
  expect(await listed(provider, 0)).toMatchObject([{ id: 'batch_1', key: undefined }]);
});

test.each([0, -62_135_596_800, '0001-01-01T00:00:00Z', '9'.repeat(400), 1e308, null])(
  'a batch that was created at %j is of unknown age: it may be the newest',
  async (created_at) => {
    const data = [{ ...batch, created_at, metadata: { batch_handler_key: 'mine' } }];
    const { provider } = await startStub((_request, response) =>
      sendJson(response, { data, has_more: false }),
    );
    expect(await listed(provider, 2_000_000)).toEqual([
      { id: 'batch_1', key: 'mine', createdAt: 2_000_000 },
    ]);
  },
);
