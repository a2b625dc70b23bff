import { describe, expect, test } from 'vitest';
import { jobStateOf } from '../../../../shared/providers/xai/jobs.ts';
import { KEY, listed, outcomeOf, rowsOf, submit } from '../steps.ts';
import { type Answer, sendJson, startStubServer } from '../stubServer.ts';
import { API_KEY, xaiAt } from './provider.ts';

const CHAT = '/v1/chat/completions';
const HARNESS = {
  endpoint: CHAT,
  model: 'grok-4.3',
  request: (custom_id: string) => ({
    custom_id,
    method: 'POST',
    url: CHAT,
    body: { model: 'grok-4.3', messages: [{ role: 'user', content: 'a' }] },
  }),
};

/** proto/xai/api/v1/batch.proto of xai-org/xai-proto, with a date as REST gives it. */
const BATCH = {
  batch_id: 'batch_1',
  name: `${KEY}/5`,
  create_time: '2026-11-20',
  expire_time: '2026-12-20',
  create_api_key_id: 'k',
  cancel_time: null,
  cancel_by_xai_message: null,
  state: { num_requests: 5, num_pending: 0, num_success: 4, num_error: 1, num_cancelled: 0 },
};
const withState = (state: object, others: object = {}) => ({
  ...BATCH,
  state: { ...BATCH.state, ...state },
  ...others,
});

async function stub(answer: Answer) {
  const { url, requests } = await startStubServer(answer);
  return { provider: await xaiAt(`${url}/v1`), requests };
}

describe('the state of a batch, which has counters and no status', () => {
  const ended = (kind: string, more: object = {}) => ({
    state: 'ended',
    outcome: { kind, jobId: 'batch_1', files: ['batch_1'], answered: 4, ...more },
  });

  test.each([
    ['nothing is pending', BATCH, ended('completed')],
    [
      'its numbers are texts',
      withState({ num_requests: '5', num_pending: '0', num_success: '4' }),
      ended('completed'),
    ],
    ['something is pending', withState({ num_pending: 2 }), { state: 'running', progress: 5 }],
    [
      'its file is not read yet',
      withState({ num_requests: 0, num_success: 0, num_error: 0 }),
      { state: 'running', isPending: true },
    ],
    [
      'half of its file is read, and nothing of that is pending',
      withState({ num_requests: 3, num_success: 3, num_error: 0 }),
      { state: 'running', progress: 3 },
    ],
    ['it has another name', { ...BATCH, name: 'mine' }, ended('completed')],
    [
      'it is being cancelled',
      withState({ num_pending: 1 }, { cancel_time: '2026-11-20' }),
      { state: 'running', progress: 5 },
    ],
    ['it was cancelled', { ...BATCH, cancel_time: '2026-11-20' }, ended('cancelled')],
    ['it has expired', { ...BATCH, cancel_time: '2026-12-20' }, ended('expired')],
    [
      'what is pending cannot be counted',
      withState({ num_pending: -1 }),
      { state: 'unknown', status: 'the batch has no counters' },
    ],
    [
      'its numbers are beyond all numbers',
      withState({ num_pending: '9'.repeat(400) }),
      { state: 'unknown', status: 'the batch has no counters' },
    ],
    [
      'nothing is pending, and not all is done',
      withState({ num_success: 2, num_error: 1 }),
      { state: 'running', progress: 3 },
    ],
    [
      'it has no counters',
      { ...BATCH, state: undefined },
      { state: 'unknown', status: 'the batch has no counters' },
    ],
  ])('%s', (_name, batch, expected) => {
    expect(jobStateOf(batch)).toEqual(expected);
  });

  test.each([
    ['Input file validation failed', 'permanent'],
    [
      'Your team has either used all available credits or reached its monthly spending limit',
      'account',
    ],
    ['Too many batches', 'quota'],
    ['Internal error', undefined],
  ])('xAI has cancelled it: %j', (message, refusal) => {
    const state = jobStateOf({
      ...BATCH,
      cancel_time: '2026-11-20',
      cancel_by_xai_message: message,
    });
    expect(state).toMatchObject({
      outcome: { kind: 'failed', reason: { code: 'job_failed', message } },
    });
    expect((state as { outcome: { refusal?: string } }).outcome.refusal).toBe(refusal);
  });
});

test('the calls of a job are those of xAI', async () => {
  const { provider, requests } = await stub(({ path }, response) =>
    sendJson(response, path.endsWith('/files') ? { id: 'file_1' } : BATCH),
  );

  expect(await submit(provider, HARNESS, ['a'])).toBe('batch_1');

  const [upload, create] = requests;
  expect(upload?.headers.authorization).toBe(`Bearer ${API_KEY}`);
  const order = ['name="expires_after"', 'name="purpose"', 'name="file"'];
  const places = order.map((text) => upload?.body.indexOf(text) ?? -1);
  expect(places).toEqual(places.toSorted((one, other) => one - other));
  expect(places).not.toContain(-1);
  expect(upload?.body).toContain(JSON.stringify(HARNESS.request('a')));
  expect(create).toMatchObject({ method: 'POST', path: '/v1/batches' });
  expect(JSON.parse(create?.body ?? '')).toEqual({ name: `${KEY}/1`, input_file_id: 'file_1' });
});

describe('a list with dates', () => {
  const day = Date.UTC(2026, 10, 20);
  const HOUR_MS = 60 * 60 * 1000;
  const listWith = (batch: object) =>
    stub((_call, response) => sendJson(response, { batches: [batch], pagination_token: '' }));

  test('a batch of the day may be one of its last second', async () => {
    const { provider } = await listWith(BATCH);
    const since = day + 23 * HOUR_MS;
    expect(await listed(provider, since)).toMatchObject([{ id: 'batch_1', key: KEY }]);
    expect((await listed(provider, since))[0]?.createdAt).toBeGreaterThanOrEqual(since);
    expect(await listed(provider, day + 25 * HOUR_MS)).toEqual([]);
  });

  test('a batch of unknown age, and one that is not ours', async () => {
    const { provider } = await listWith({ ...BATCH, create_time: 'yesterday', name: `${KEY}x/5` });
    expect(await listed(provider, day)).toEqual([
      { id: 'batch_1', key: undefined, createdAt: day },
    ]);
  });
});

test.each([
  ['a name of another type', { name: 7 }],
  ['no id', { batch_id: undefined }],
])('a list in which a batch has %s proves nothing', async (_what, change) => {
  const { provider } = await stub((_call, response) =>
    sendJson(response, { batches: [{ ...BATCH, ...change }], pagination_token: null }),
  );
  await expect(listed(provider, 0)).rejects.toMatchObject({ kind: 'transient' });
});

test.each(['0001-01-01T00:00:00Z', '0001-01-01', '1970-01-01T00:00:00Z'])(
  'a batch that was created at %s is of unknown age',
  async (create_time) => {
    const { provider } = await stub((_call, response) =>
      sendJson(response, { batches: [{ ...BATCH, create_time }], pagination_token: null }),
    );
    const since = Date.UTC(2026, 10, 20);
    expect(await listed(provider, since)).toMatchObject([{ key: KEY, createdAt: since }]);
  },
);

test('a page without results does not end the results, unless it leads to itself', async () => {
  const result = {
    batch_request_id: 'a',
    batch_result: { response: { chat_get_completion: {} } },
  };
  const { provider } = await stub(({ path }, response) => {
    if (!path.includes('/results')) return sendJson(response, BATCH);
    const isSecond = path.includes('pagination_token=two');
    const isLast = path.includes('pagination_token=last');
    return sendJson(response, {
      results: isSecond ? [result] : [],
      pagination_token: isSecond || isLast ? 'last' : 'two',
    });
  });
  const rows = await rowsOf(provider, HARNESS, await outcomeOf(provider, 'batch_1'));
  expect(rows.map((row) => row.custom_id)).toEqual(['a']);
});

test('results of every kind become rows', async () => {
  const answer = { id: 'chat_1', object: 'chat.completion', choices: [] };
  const pages = [
    [
      {
        batch_request_id: 'ok',
        batch_result: { response: { chat_get_completion: answer } },
        error_message: '',
      },
      {
        batch_request_id: 'none',
        batch_result: { response: { other: answer }, error: { code: 0, message: '' } },
      },
      { batch_request_id: 'late', batch_result: { error: { code: 1, message: 'cancelled' } } },
      { batch_request_id: 'busy', batch_result: { error: { code: 8, message: 'exhausted' } } },
    ],
    [
      { batch_request_id: 'bad', batch_result: { error: { code: 3, message: 'no' } } },
      { batch_request_id: 'odd', batch_result: null, error_message: 'something' },
      {
        batch_request_id: 'poor',
        batch_result: { error: { code: 7, message: 'Your team has used all available credits' } },
      },
      {
        batch_request_id: 'words',
        batch_result: { error: { code: 3, message: 'tool credits has no schema' } },
      },
      {
        batch_request_id: 'inside',
        batch_result: { response: { chat_get_completion: { code: 'x', error: 'no answer' } } },
      },
    ],
  ];
  const { provider } = await stub(({ path }, response) => {
    if (!path.includes('/results')) return sendJson(response, BATCH);
    const isSecond = path.includes('pagination_token=two');
    return sendJson(response, {
      results: pages[isSecond ? 1 : 0],
      pagination_token: isSecond ? null : 'two',
    });
  });

  const rows = await rowsOf(provider, HARNESS, await outcomeOf(provider, 'batch_1'));

  expect(
    Object.fromEntries(
      rows.map((row) => [row.custom_id, row.response?.status_code ?? row.error?.code]),
    ),
  ).toEqual({
    ok: 200,
    none: 200,
    late: 408,
    busy: 429,
    bad: 400,
    odd: 500,
    poor: 'account_refused',
    words: 400,
    inside: 500,
  });
  expect(rows[0]).toMatchObject({ response: { request_id: 'chat_1', body: answer } });
});

test('a refusal that repeats the key does not show it', async () => {
  const error = 'Incorrect API key provided: xai-0123456789abcdefghij';
  const { provider } = await stub((_call, response) =>
    sendJson(response, { code: 'c', error }, 400),
  );
  await expect(provider.check('batch_1')).rejects.toMatchObject({
    reason: { message: 'xAI, read: 400 Incorrect API key provided: xai-…' },
  });
});

test.each([
  // https://github.com/continuedev/continue/issues/10373 and https://github.com/warpdotdev/warp/issues/14867
  [429, 'has either used all available credits or reached its monthly spending limit', 'account'],
  [403, 'has either used all available credits or reached its monthly spending limit', 'account'],
  [400, 'Incorrect API key provided: xa***', 'account'],
  [429, 'Too many requests', 'quota'],
  [400, 'unknown field', 'permanent'],
])('a create call refused with %i %s is %s', async (status, error, kind) => {
  const { provider } = await stub(({ method, path }, response) =>
    path.endsWith('/files')
      ? sendJson(response, { id: 'file_1' })
      : sendJson(response, { code: 'c', error }, method === 'POST' ? status : 200),
  );
  await expect(submit(provider, HARNESS, ['a'])).rejects.toMatchObject({
    kind,
    reason: { code: 'c', message: `xAI, create: ${status} ${error}` },
  });
});
