import { expect, test } from 'vitest';
import { all } from '../../../support/streams.ts';
import { sendJson } from '../stubServer.ts';
import { startStub } from './stub.ts';
import { wireBatch } from './wireBatch.ts';

/** A workspace with this many jobs, the last of which is the newest. */
function workspace(jobs: number) {
  return (path: string): object => {
    const query = new URL(path, 'http://stub').searchParams;
    const newest = Number(query.get('after_id')?.slice('msgbatch_'.length) ?? jobs) - 1;
    const length = Math.min(Number(query.get('limit')), newest + 1);
    const data = Array.from({ length }, (_, index) => {
      const number = newest - index;
      const processing_status = number % 2 === 0 ? 'in_progress' : 'ended';
      return wireBatch({ id: `msgbatch_${number}`, processing_status });
    });
    return { data, has_more: newest >= length };
  };
}

async function start(pageAt: (path: string) => unknown) {
  const { provider, requests } = await startStub(({ path }, response) =>
    sendJson(response, pageAt(path)),
  );
  const { listStates, listStatesAfter } = provider;
  if (!listStates || !listStatesAfter) throw new Error('the provider lists no states');
  return { listStates, listStatesAfter, paths: () => requests.map(({ path }) => path) };
}

test('shows the states of 1,000 jobs in one call', async () => {
  const { listStates, paths } = await start(workspace(1_500));

  const listed = await all(listStates());

  expect(new Set(listed.map(({ jobId }) => jobId)).size).toBe(1_500);
  expect(listed[1]).toEqual({ jobId: 'msgbatch_1498', state: { state: 'running' } });
  expect(listed[0]).toMatchObject({ state: { state: 'ended' } });
  expect(paths()).toEqual([
    '/v1/messages/batches?limit=1000',
    '/v1/messages/batches?limit=1000&after_id=msgbatch_500',
  ]);
});

test('begins after any job', async () => {
  const { listStatesAfter, paths } = await start(workspace(1_500));

  const listed = await all(listStatesAfter('msgbatch_7'));

  expect(listed.map(({ jobId }) => jobId)).toEqual(
    Array.from({ length: 7 }, (_, index) => `msgbatch_${6 - index}`),
  );
  expect(paths()).toEqual(['/v1/messages/batches?limit=1000&after_id=msgbatch_7']);
});

test('fails for a page that is no list', async () => {
  const { listStates } = await start(() => '<html>welcome</html>');
  await expect(all(listStates())).rejects.toMatchObject({ kind: 'transient' });
});
