import { expect, test } from 'vitest';
import type { ListedState, Provider } from '../../../../shared/providers/provider.ts';
import { sendJson } from '../stubServer.ts';
import { startStub } from './stub.ts';

/** An account with this many jobs, the last of which is the newest. */
function account(jobs: number) {
  const batch = (number: number) => ({
    id: `batch_${number}`,
    status: number % 2 === 0 ? 'in_progress' : 'validating',
    created_at: number,
    request_counts: { total: 10, completed: 3, failed: 1 },
  });
  return (path: string): object => {
    const query = new URL(path, 'http://stub').searchParams;
    const newest = Number(query.get('after')?.slice('batch_'.length) ?? jobs) - 1;
    const length = Math.min(Number(query.get('limit')), newest + 1);
    const data = Array.from({ length }, (_, index) => batch(newest - index));
    return { object: 'list', data, has_more: newest >= length };
  };
}

async function states(
  { listStates, listStatesAfter }: Provider,
  atMost = Number.POSITIVE_INFINITY,
  after?: string,
) {
  const listed: ListedState[] = [];
  const list = after === undefined ? listStates?.() : listStatesAfter?.(after);
  for await (const state of list ?? []) {
    listed.push(state);
    if (listed.length === atMost) break;
  }
  return listed;
}

test('shows the states of 100 jobs in one call', async () => {
  const page = account(1_000);
  const { provider, requests } = await startStub(({ path }, response) =>
    sendJson(response, page(path)),
  );

  const listed = await states(provider);

  expect(requests).toHaveLength(10);
  expect(new Set(listed.map(({ jobId }) => jobId)).size).toBe(1_000);
  expect(listed.slice(0, 2)).toEqual([
    { jobId: 'batch_999', state: { state: 'running', isPending: true } },
    { jobId: 'batch_998', state: { state: 'running', progress: 4 } },
  ]);
});

test('begins after any job', async () => {
  const page = account(1_000);
  const { provider, requests } = await startStub(({ path }, response) =>
    sendJson(response, page(path)),
  );

  const listed = await states(provider, undefined, 'batch_150');

  expect(listed.map(({ jobId }) => jobId)).toEqual(
    Array.from({ length: 150 }, (_, index) => `batch_${149 - index}`),
  );
  expect(requests.map(({ path }) => path)).toEqual([
    '/v1/batches?limit=100&after=batch_150',
    '/v1/batches?limit=100&after=batch_50',
  ]);
});

test('reads no page before it is needed', async () => {
  const page = account(1_000);
  const { provider, requests } = await startStub(({ path }, response) =>
    sendJson(response, page(path)),
  );

  await states(provider, 150);

  expect(requests.map(({ path }) => path)).toEqual([
    '/v1/batches?limit=100',
    '/v1/batches?limit=100&after=batch_900',
  ]);
});

test.each([
  ['a page with status 200', '<html>welcome</html>'],
  ['an empty page that goes on', { data: [], has_more: true }],
])('%s is a failure', async (_name, answer) => {
  const { provider } = await startStub((_request, response) => sendJson(response, answer));
  await expect(states(provider)).rejects.toMatchObject({ kind: 'transient' });
});

test('reports a refused account', async () => {
  const error = { error: { code: 'invalid_api_key', message: 'no' } };
  const { provider } = await startStub((_request, response) => sendJson(response, error, 401));
  await expect(states(provider)).rejects.toMatchObject({ kind: 'account' });
});
