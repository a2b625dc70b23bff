import { describe, expect, test } from 'vitest';
import { jobStateOf } from '../../../../shared/providers/mistral/jobs.ts';
import { scratchFileOf } from '../scratchFile.ts';
import { customIds, jobContext, KEY, listed, outcomeOf, rowsOf, submit } from '../steps.ts';
import { type Answer, sendJson, startStubServer } from '../stubServer.ts';
import { API_KEY, mistralAt } from './provider.ts';

const CHAT = '/v1/chat/completions';
const HARNESS = {
  endpoint: CHAT,
  model: 'a-model',
  request: (custom_id: string) => ({
    custom_id,
    method: 'POST',
    url: CHAT,
    body: { model: 'a-model', messages: [{ role: 'user', content: 'a' }] },
  }),
};

/** A completed job: tests/v2/batch-finetuning.test.ts of @mistralai/mistralai. */
const JOB = {
  id: 'batch-1',
  object: 'batch',
  input_files: ['file-in'],
  endpoint: CHAT,
  model: 'mistral-small-latest',
  output_file: 'file-out',
  error_file: null,
  errors: [],
  status: 'SUCCESS',
  created_at: 1_700_000_000,
  started_at: 1_700_000_100,
  completed_at: 1_700_000_500,
  total_requests: 5,
  completed_requests: 5,
  succeeded_requests: 5,
  failed_requests: 0,
};

async function stub(answer: Answer) {
  const { url, requests } = await startStubServer(answer);
  return { provider: await mistralAt(`${url}/v1`, { models: { '*': 'theirs' } }), requests };
}

describe('the state of a job', () => {
  test.each([
    ['QUEUED', { state: 'running', isPending: true }],
    ['RUNNING', { state: 'running', progress: 5 }],
    ['CANCELLATION_REQUESTED', { state: 'running', progress: 5 }],
    ['success', { state: 'unknown', status: 'success' }],
  ])('%s', (status, expected) => {
    expect(jobStateOf({ ...JOB, status })).toEqual(expected);
  });

  test.each([
    ['SUCCESS', 'completed'],
    ['TIMEOUT_EXCEEDED', 'expired'],
    ['CANCELLED', 'cancelled'],
  ])('%s keeps its files', (status, kind) => {
    const outcome = { kind, jobId: 'batch-1', files: ['file-out'], answered: 5 };
    expect(jobStateOf({ ...JOB, status })).toEqual({ state: 'ended', outcome });
  });

  test.each([
    ['Invalid input file: line 1 is malformed', 'permanent'],
    ['Maximum number of pending requests exceeded', 'quota'],
    ['Your workspace has reached its spend limit', 'account'],
    ['Please enable payments to use this model', 'account'],
    ['Something went wrong', undefined],
  ])('FAILED because of %j', (message, refusal) => {
    const state = jobStateOf({ ...JOB, status: 'FAILED', errors: [{ message, count: 1 }] });
    expect(state).toMatchObject({ outcome: { kind: 'failed', reason: { message } } });
    expect(state).toHaveProperty('outcome');
    expect((state as { outcome: { refusal?: string } }).outcome.refusal).toBe(refusal);
  });

  test('FAILED without a reason may pass', () => {
    const state = jobStateOf({ ...JOB, status: 'FAILED', errors: null });
    expect(state).toMatchObject({
      outcome: { reason: { code: 'job_failed', message: 'Mistral gave no message' } },
    });
  });
});

test('the calls of a job are those of Mistral', async () => {
  const { provider, requests } = await stub(({ path }, response) =>
    sendJson(response, path.endsWith('/files') ? { id: 'file-in' } : JOB),
  );

  expect(await submit(provider, HARNESS, ['a'])).toBe('batch-1');

  const [upload, create] = requests;
  expect(upload).toMatchObject({ method: 'POST', path: '/v1/files' });
  expect(upload?.headers.authorization).toBe(`Bearer ${API_KEY}`);
  expect(upload?.body).toContain('name="purpose"\r\n\r\nbatch');
  expect(upload?.body).toContain(`filename="${KEY}.jsonl"`);
  expect(upload?.body).toContain(
    '{"custom_id":"a","body":{"messages":[{"role":"user","content":"a"}]}}\n',
  );
  expect(create).toMatchObject({ method: 'POST', path: '/v1/batch/jobs' });
  expect(JSON.parse(create?.body ?? '')).toEqual({
    input_files: ['file-in'],
    endpoint: CHAT,
    model: 'theirs',
    metadata: { batch_handler_key: KEY, batch_id: 'a-batch' },
    timeout_hours: 24,
  });
});

test('the time after which Mistral ends a job is that of the message, or of the entry', async () => {
  const { url, requests } = await startStubServer(({ path }, response) =>
    sendJson(response, path.endsWith('/files') ? { id: 'file-in' } : JOB),
  );
  const provider = await mistralAt(url, { timing: { completionHours: 48 } });
  const windows = [undefined, '6h', '7d'];
  for (const completionWindow of windows)
    await submit(provider, HARNESS, ['a'], { completionWindow });
  const creates = requests.filter(({ path }) => path.endsWith('/batch/jobs'));
  // Seven days are an hour too many.
  expect(creates.map(({ body }) => JSON.parse(body).timeout_hours)).toEqual([48, 6, 167]);
});

describe('the list of jobs', () => {
  test('finds a job without metadata by the name of its input', async () => {
    const { provider } = await stub(({ path }, response) =>
      sendJson(
        response,
        path.includes('/files/')
          ? { id: 'file-in', filename: `${KEY}.jsonl` }
          : { data: [JOB], total: 1 },
      ),
    );
    expect(await listed(provider, 0)).toEqual([
      { id: 'batch-1', key: KEY, createdAt: 1_700_000_000_000 },
    ]);
  });

  test('proves nothing if jobs were deleted while it was read', async () => {
    const full = Array.from({ length: 100 }, (_, index) => ({
      ...JOB,
      id: `batch-${index}`,
      metadata: { of: 'others' },
    }));
    const { provider } = await stub(({ path }, response) =>
      sendJson(
        response,
        path.includes('page=0') ? { data: full, total: 102 } : { data: [JOB], total: 101 },
      ),
    );
    await expect(listed(provider, 0)).rejects.toThrow('shrank');
  });

  test.each([
    ['metadata that cannot be read, and no input', { metadata: 'x', input_files: [] }],
    ['neither metadata nor a readable input', { metadata: null, input_files: [7] }],
    ['no metadata, and an input that does not exist yet', { status: 'QUEUED' }],
  ])('proves nothing if a job has %s', async (_what, change) => {
    const { provider } = await stub(({ path }, response) =>
      path.includes('/files/')
        ? sendJson(response, { detail: 'not found' }, 404)
        : sendJson(response, { data: [{ ...JOB, ...change }], total: 1 }),
    );
    await expect(listed(provider, 0)).rejects.toMatchObject({ kind: 'transient' });
  });

  test('is read to its end if it is not newest first', async () => {
    const old = Array.from({ length: 100 }, (_, index) => ({
      ...JOB,
      id: `batch-${index}`,
      created_at: index + 1,
    }));
    const metadata = { batch_handler_key: KEY };
    const { provider } = await stub(({ path }, response) =>
      sendJson(response, {
        data: path.includes('page=0') ? old : [{ ...JOB, metadata }],
        total: 101,
      }),
    );
    expect(await listed(provider, 1_600_000_000_000)).toMatchObject([{ key: KEY }]);
  });

  test('that is continued still knows how many jobs there were', async () => {
    const full = Array.from({ length: 100 }, (_, index) => ({
      ...JOB,
      id: `batch-${index}`,
      metadata: { of: 'others' },
    }));
    let total = 301;
    const { provider } = await stub((_call, response) => sendJson(response, { data: full, total }));
    const position = {};
    let seen = 0;
    for await (const _ of provider.listJobs(0, position)) if (++seen > 150) break;
    total = 300;
    await expect(listed(provider, 0, position)).rejects.toThrow('shrank');
  });

  test('is empty if it says so', async () => {
    const { provider } = await stub((_call, response) =>
      sendJson(response, { object: 'list', total: 0 }),
    );
    expect(await listed(provider, 0)).toEqual([]);
  });
});

test('a row that refuses the account fails no request', async () => {
  const body = { object: 'error', message: 'You have no active subscription', code: null };
  const rows = [
    {
      custom_id: 'a',
      response: { status_code: 401, body: { detail: 'Unauthorized' } },
      error: null,
    },
    { custom_id: 'b', response: { status_code: 402, body }, error: null },
    {
      custom_id: 'd',
      response: { status_code: 422, body: { message: 'no schema of billing_of_credits: credits' } },
      error: null,
    },
    { custom_id: 'c', response: { status_code: 429, body: { message: 'later' } }, error: null },
  ];
  const { provider } = await stub(({ path }, response) =>
    path.endsWith('/content')
      ? response.end(rows.map((row) => JSON.stringify(row)).join('\n'))
      : sendJson(response, JOB),
  );
  const outcome = await outcomeOf(provider, 'batch-1');
  const found = await rowsOf(provider, HARNESS, outcome);
  expect(found.map(({ response, error }) => response?.status_code ?? error?.code)).toEqual([
    'account_refused',
    'account_refused',
    422,
    429,
  ]);
});

test('a refusal of a request is read with its place, and without its content', async () => {
  const detail = [{ loc: ['body', 'model'], msg: 'is no model', input: 'a secret' }];
  const { provider } = await stub((_call, response) => sendJson(response, { detail }, 422));
  const file = await scratchFileOf(customIds(1).map(HARNESS.request));
  const submitting = provider.submit({
    ...jobContext(HARNESS),
    completionWindow: '24h',
    file,
    requests: 1,
    createDeadlineMs: 9_000,
  });
  await expect(submitting).rejects.toMatchObject({
    kind: 'permanent',
    reason: { message: 'Mistral, upload: 422 body.model is no model' },
  });
  await file.remove();
});
