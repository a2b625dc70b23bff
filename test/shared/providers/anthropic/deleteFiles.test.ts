import { expect, test } from 'vitest';
import { sendJson } from '../stubServer.ts';
import { startStub } from './stub.ts';

const error = (type: string) => ({ type: 'error', error: { type, message: 'no' } });

test.each([
  ['deletes the job', 200, { id: 'msgbatch_1', type: 'message_batch_deleted' }],
  ['leaves one that is gone', 404, error('not_found_error')],
  ['leaves one that still runs', 400, error('invalid_request_error')],
])('%s', async (_name, status, body) => {
  const { provider, requests } = await startStub((_call, response) =>
    sendJson(response, body, status),
  );
  await provider.deleteFiles('msgbatch_1');
  expect(requests).toMatchObject([{ method: 'DELETE', path: '/v1/messages/batches/msgbatch_1' }]);
});

test.each([
  [500, 'api_error', 'transient'],
  [401, 'authentication_error', 'account'],
])('a failure with %i does not count as deleted', async (status, type, kind) => {
  const { provider } = await startStub((_call, response) =>
    sendJson(response, error(type), status),
  );
  await expect(provider.deleteFiles('msgbatch_1')).rejects.toMatchObject({ kind });
});

test('there are no leftovers to delete', async () => {
  const { provider, requests } = await startStub((_call, response) => sendJson(response, {}));
  await provider.deleteLeftovers(new Set(['bhabcdefghij012345-1']), 0);
  expect(requests).toEqual([]);
});
