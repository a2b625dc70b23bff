import { expect, test } from 'vitest';
import { type Recorded, sendJson } from '../stubServer.ts';
import { startStub } from './stub.ts';

const KEY = 'bhabcdefghij012345-1';
const CREATED = '2026-11-25T00:00:00Z';

/** A job that does not name its input. */
const answer = ({ method, path }: Recorded) => {
  if (method === 'DELETE') return {};
  if (path.includes('/files'))
    return {
      files: [
        { name: 'files/theirs', displayName: 'other', createTime: CREATED },
        { name: 'files/ours', displayName: KEY, createTime: CREATED },
      ],
    };
  const metadata = { state: 'BATCH_STATE_SUCCEEDED', displayName: KEY, createTime: CREATED };
  return { name: 'batches/1', metadata, response: { responsesFile: 'files/batch-1' } };
};

test('finds an input that the job does not name, and deletes the job last', async () => {
  const { provider, requests } = await startStub((request, response) =>
    sendJson(response, answer(request)),
  );

  await provider.deleteFiles('batches/1');

  const deleted = requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path);
  expect(deleted).toEqual(['/v1beta/files/ours', '/v1beta/files/batch-1', '/v1beta/batches/1']);
});

test('a file that cannot be deleted is left to its expiry', async () => {
  const { provider, requests } = await startStub((request, response) => {
    if (request.method !== 'DELETE') return sendJson(response, answer(request));
    const error = { code: 400, message: 'no', status: 'INVALID_ARGUMENT' };
    return response.writeHead(400).end(JSON.stringify({ error }));
  });

  await provider.deleteFiles('batches/1');

  expect(requests.at(-1)).toMatchObject({ method: 'DELETE', path: '/v1beta/batches/1' });
});
