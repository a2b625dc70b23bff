import { expect, test } from 'vitest';
import { listed } from '../steps.ts';
import { sendJson } from '../stubServer.ts';
import { startStub } from './stub.ts';
import { CREATED_AT, wireBatch } from './wireBatch.ts';

const KEY = 'bhabcdefghij012345-7';
const ID = `${KEY}_${'0'.repeat(32)}`;
const page = (...batches: object[]) => ({ data: batches.map(wireBatch), has_more: false });
const row = (customId: string) => `${JSON.stringify({ custom_id: customId, result: {} })}\n`;

/** A listing of these batches, which all have the same results. */
function startListing(batches: object[], results: string, status = 200) {
  return startStub(({ path }, response) =>
    path.endsWith('/results')
      ? response.writeHead(status, { 'content-type': 'application/x-jsonl' }).end(results)
      : sendJson(response, page(...batches)),
  );
}

const PROCESSING = { processing: 6, succeeded: 0, errored: 0, canceled: 0, expired: 0 };

test.each(['in_progress', 'canceling', 'dreaming'])(
  'a job that is %s shows how many requests it hides',
  async (processing_status) => {
    const request_counts = { ...PROCESSING, succeeded: 1 };
    const { provider, requests } = await startListing([{ processing_status, request_counts }], '');
    expect(await listed(provider, 0)).toEqual([
      { id: 'msgbatch_1', key: undefined, createdAt: CREATED_AT, hiddenRequests: 7 },
    ]);
    expect(requests).toHaveLength(1);
  },
);

test('an ended job shows its key in its first row, which is read once', async () => {
  const { provider, requests } = await startListing([{}], row(ID) + row('x').repeat(1000));
  const expected = [{ id: 'msgbatch_1', key: KEY, createdAt: CREATED_AT }];
  expect(await listed(provider, 0)).toEqual(expected);
  expect(await listed(provider, 0)).toEqual(expected);
  const paths = requests.map(({ path }) => path);
  expect(paths.filter((path) => path.endsWith('/results'))).toHaveLength(1);
});

test.each([
  ['whose results are archived', { archived_at: '2026-12-20T00:00:00Z' }, '', 200],
  ['of another program', {}, row('request-1'), 200],
  ['with a key of another form', {}, row(`bh1-1_${'0'.repeat(32)}`), 200],
])('an ended job %s has no key', async (_name, batch, results, status) => {
  const { provider } = await startListing([batch], results, status);
  const jobs = await listed(provider, 0);
  expect(jobs).toEqual([{ id: 'msgbatch_1', key: undefined, createdAt: CREATED_AT }]);
});

const FIVE = { ...PROCESSING, processing: 0, succeeded: 5 };

test.each([
  ['are not found', '{}', 404],
  ['are empty', '', 200],
  ['cannot be read', '<html>secret</html>', 200],
])(
  'an ended job whose results %s may be anybody’s, and is looked at again',
  async (_name, results, status) => {
    const { provider, requests } = await startListing([{ request_counts: FIVE }], results, status);
    const open = { id: 'msgbatch_1', key: undefined, createdAt: CREATED_AT, hiddenRequests: 5 };
    expect(await listed(provider, 0)).toEqual([open]);
    expect(await listed(provider, 0)).toEqual([open]);
    const paths = requests.map(({ path }) => path);
    expect(paths.filter((path) => path.endsWith('/results'))).toHaveLength(2);
  },
);

test('an ended job of unknown size whose results are not found proves no absence', async () => {
  const { provider } = await startListing([{ request_counts: null }], '{}', 404);
  await expect(listed(provider, 0)).rejects.toMatchObject({ kind: 'transient' });
});

test('the first row that can be read shows the key', async () => {
  const { provider } = await startListing([{}], `null\n{"custom_id":5}\n${row(ID)}`);
  expect(await listed(provider, 0)).toMatchObject([{ key: KEY }]);
});

test('a gateway that ignores the cursor does not end the listing', async () => {
  const { provider } = await startStub(({ path }, response) =>
    path.endsWith('/results')
      ? response.end(row(ID))
      : sendJson(response, { ...page({}), has_more: true }),
  );
  await expect(listed(provider, 0)).rejects.toMatchObject({ kind: 'transient' });
});

test('stops at the first older job, and includes one of exactly that time', async () => {
  const { provider } = await startListing([{}, { created_at: '2026-11-20T09:59:59Z' }], row(ID));
  expect(await listed(provider, CREATED_AT)).toHaveLength(1);
  expect(await listed(provider, CREATED_AT + 1)).toHaveLength(0);
});

test('an older job among newer ones does not end the listing', async () => {
  const old = { created_at: '2020-01-01T00:00:00Z' };
  const { provider } = await startStub(({ path }, response) =>
    path.endsWith('/results')
      ? response.end(row(ID))
      : sendJson(
          response,
          path.includes('after_id')
            ? page({ id: 'msgbatch_2' })
            : { ...page(old, { id: 'msgbatch_3' }), has_more: true },
        ),
  );
  const jobs = await listed(provider, CREATED_AT);
  expect(jobs.map(({ id }) => id)).toEqual(['msgbatch_3', 'msgbatch_2']);
});

test('a job that runs and counts no requests yet may be any job', async () => {
  const request_counts = { ...PROCESSING, processing: 0 };
  const { provider } = await startListing(
    [{ processing_status: 'in_progress', request_counts }],
    '',
  );
  await expect(listed(provider, 0)).rejects.toMatchObject({ kind: 'transient' });
});
