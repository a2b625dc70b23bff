import { expect, test } from 'vitest';
import { sendJson } from '../stubServer.ts';
import { startStub } from './stub.ts';

const NOON = '2026-11-25T12:00:00.5Z';
const EVENING = '2026-11-25T18:00:00Z';
const ONE = Date.parse('2026-11-25T13:00:00Z');

function operation(id: string, createTime: string, metadata: object = {}) {
  return { name: `batches/${id}`, metadata: { createTime, ...metadata } };
}

async function listed(pages: readonly object[], since: number) {
  const { provider, requests } = await startStub(({ path }, response) => {
    const token = new URL(path, 'http://localhost').searchParams.get('pageToken');
    sendJson(response, pages[Number(token ?? 0)]);
  });
  const jobs = [];
  for await (const job of provider.listJobs(since)) jobs.push(job);
  return { jobs, requests };
}

test('a page without recent jobs does not end the listing: the API promises no order', async () => {
  const { jobs, requests } = await listed(
    [
      { operations: [operation('old', NOON)], nextPageToken: '1' },
      { nextPageToken: '2' },
      { operations: [operation('new', EVENING, { displayName: 'a-key' })] },
    ],
    ONE,
  );
  expect(jobs).toEqual([{ id: 'batches/new', key: 'a-key', createdAt: Date.parse(EVENING) }]);
  expect(requests).toHaveLength(3);
});

test('other jobs may have unknown fields', async () => {
  const odd = { inputConfig: { fileName: 'gs://elsewhere' }, output: 'inline' };
  const { jobs } = await listed([{ operations: [operation('theirs', NOON, odd)] }], 0);
  expect(jobs).toEqual([{ id: 'batches/theirs', key: undefined, createdAt: Date.parse(NOON) }]);
});

test('a listing that gives the same page over and over throws', async () => {
  const page = { operations: [operation('a', NOON)], nextPageToken: '0' };
  await expect(listed([page], 0)).rejects.toMatchObject({ kind: 'transient' });
});

test.each([
  ['no metadata', { metadata: undefined }],
  ['metadata of another type', { metadata: 'x' }],
  ['a display name of another type', { metadata: { createTime: NOON, displayName: 7 } }],
])('a job with %s may be any job, so that the list proves nothing', async (_what, change) => {
  const operations = [{ ...operation('odd', NOON), ...change }];
  await expect(listed([{ operations }], 0)).rejects.toMatchObject({ kind: 'transient' });
});
