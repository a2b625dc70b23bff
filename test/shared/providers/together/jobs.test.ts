import { describe, expect, test } from 'vitest';
import { referenceOf } from '../../../../shared/jsonl/rows.ts';
import { jobStateOf } from '../../../../shared/providers/together/jobs.ts';
import { rowOf } from '../../../../shared/providers/together/rows.ts';
import { KEY, listed, submit } from '../steps.ts';
import { type Answer, sendJson, startStubServer } from '../stubServer.ts';
import { API_KEY, togetherAt } from './provider.ts';

const CHAT = '/v1/chat/completions';
const HARNESS = {
  endpoint: CHAT,
  model: 'm',
  request: (custom_id: string) => ({
    custom_id,
    method: 'POST',
    url: CHAT,
    body: { model: 'm', messages: [{ role: 'user', content: 'a' }] },
  }),
};

/** https://docs.together.ai/reference/batch-create, with one field changed. */
const JOB = {
  id: '01234567-8901-2345-6789-012345678901',
  user_id: 'user_789xyz012',
  input_file_id: 'file-in',
  file_size_bytes: 1_048_576,
  status: 'COMPLETED',
  job_deadline: '2024-01-15T15:30:00Z',
  created_at: '2024-01-15T14:30:00Z',
  endpoint: CHAT,
  progress: 75,
  model_id: 'meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo',
  output_file_id: 'file-out',
  error_file_id: 'file-errors',
  error: '',
  completed_at: '2024-01-15T15:45:30Z',
};
const CREATED_AT = Date.UTC(2024, 0, 15, 14, 30);

async function stub(answer: Answer) {
  const { url, requests } = await startStubServer(answer);
  return { provider: await togetherAt(`${url}/v1`), requests };
}

describe('the state of a job', () => {
  test.each([
    ['VALIDATING', { state: 'running', isPending: true }],
    ['IN_PROGRESS', { state: 'running' }],
    ['completed', { state: 'unknown', status: 'completed' }],
  ])('%s', (status, expected) => {
    expect(jobStateOf({ ...JOB, status })).toEqual(expected);
  });

  test.each([
    ['COMPLETED', 'completed'],
    ['EXPIRED', 'expired'],
    ['CANCELLED', 'cancelled'],
  ])('%s keeps its files', (status, kind) => {
    expect(jobStateOf({ ...JOB, status })).toEqual({
      state: 'ended',
      outcome: { kind, jobId: JOB.id, files: ['file-out', 'file-errors'] },
    });
  });

  test('files that do not exist are empty texts', () => {
    const job = { ...JOB, output_file_id: '', error_file_id: null };
    expect(jobStateOf(job)).toMatchObject({ outcome: { files: [] } });
  });

  test.each([
    ['Validation failed: line 1 is malformed', 'permanent'],
    ['More than 30B tokens are enqueued', 'quota'],
    ['Credit limit exceeded. Please navigate to the billing page', 'account'],
    ['Something went wrong', undefined],
  ])('FAILED because of %j', (error, refusal) => {
    const state = jobStateOf({ ...JOB, status: 'FAILED', error });
    expect(state).toMatchObject({ outcome: { kind: 'failed', reason: { message: error } } });
    expect((state as { outcome: { refusal?: string } }).outcome.refusal).toBe(refusal);
  });
});

test('the calls of a job are those of Together', async () => {
  const { provider, requests } = await stub(({ path }, response) =>
    path.endsWith('/upload')
      ? sendJson(response, { id: 'file-in' })
      : sendJson(response, { job: JOB, warning: '' }, 201),
  );
  const long = 'x'.repeat(65);

  expect(await submit(provider, HARNESS, ['a', long])).toBe(JOB.id);

  const [upload, create] = requests;
  expect(upload).toMatchObject({ method: 'POST', path: '/v1/files/upload' });
  expect(upload?.headers.authorization).toBe(`Bearer ${API_KEY}`);
  expect(upload?.body).toContain('name="purpose"\r\n\r\nbatch-api');
  expect(upload?.body).toContain(`name="file_name"\r\n\r\n${KEY}.jsonl`);
  const { body } = HARNESS.request('a');
  expect(upload?.body).toContain(`${JSON.stringify({ custom_id: 'a', body })}\n`);
  // An id is at most 64 characters long, and the rows have the one that was sent.
  expect(upload?.body).toContain(`${JSON.stringify({ custom_id: referenceOf(long), body })}\n`);
  expect(provider.referenceOf?.(long)).toBe(referenceOf(long));
  expect(create).toMatchObject({ method: 'POST', path: '/v1/batches' });
  expect(JSON.parse(create?.body ?? '')).toEqual({
    input_file_id: 'file-in',
    endpoint: CHAT,
    completion_window: '24h',
  });
});

describe('a job is found by the name of its input', () => {
  const file = { id: 'file-in', filename: `${KEY}.jsonl`, created_at: 1 };
  const other = { ...JOB, id: 'other', input_file_id: 'file-other' };

  test.each([
    ['which the list of files has', [file, { ...file, id: 'file-other', filename: 'a.jsonl' }], 0],
    ['which only its own call has', [], 2],
    ['which the list of files lacks', [{ ...file, filename: null }], 2],
  ])('%s', async (_name, data, calls) => {
    const { provider, requests } = await stub(({ path }, response) => {
      if (path.endsWith('/batches')) return sendJson(response, [JOB, other]);
      if (path.endsWith('/files')) return sendJson(response, { data });
      if (path.endsWith('/file-in')) return sendJson(response, file);
      return sendJson(response, { error: { message: 'no such file' } }, 404);
    });
    expect(await listed(provider, 0)).toEqual([
      { id: JOB.id, key: KEY, createdAt: CREATED_AT },
      { id: 'other', key: undefined, createdAt: CREATED_AT },
    ]);
    expect(requests.filter(({ path }) => path.includes('/files/'))).toHaveLength(calls);
  });

  test.each([
    ['names no input', { input_file_id: null }],
    ['names its input in another type', { input_file_id: 7 }],
    ['has not ended and has an input that does not exist', { status: 'IN_PROGRESS' }],
  ])('a list with a job that %s proves nothing', async (_what, change) => {
    const { provider } = await stub(({ path }, response) => {
      if (path.endsWith('/batches')) return sendJson(response, [{ ...JOB, ...change }]);
      return sendJson(response, { error: { message: 'no such file' } }, 404);
    });
    await expect(listed(provider, 0)).rejects.toMatchObject({ kind: 'transient' });
    // An older job is nobody's that is looked for.
    expect(await listed(provider, CREATED_AT + 5_000)).toEqual([]);
  });

  test('a file that cannot be read hides no other', async () => {
    const { provider } = await stub(({ path }, response) => {
      if (path.endsWith('/batches')) return sendJson(response, [JOB, other]);
      if (path.endsWith('/files')) return sendJson(response, { data: [null, { id: 7 }, file] });
      return sendJson(response, { error: { message: 'no such file' } }, 404);
    });
    expect(await listed(provider, 0)).toMatchObject([{ key: KEY }, { key: undefined }]);
  });

  test('names that cannot be read prove nothing', async () => {
    const { provider } = await stub(({ path }, response) =>
      sendJson(response, path.endsWith('/batches') ? [JOB, other] : { message: 'later' }),
    );
    await expect(listed(provider, 0)).rejects.toMatchObject({ kind: 'transient' });
  });
});

describe('a line of the error file, which has no status', () => {
  const answered = '{"custom_id":"a","response":{"status_code":200,"body":{"error":"?"}}}';
  test('an answer stays as it is', () => {
    expect(rowOf(Buffer.from(answered)).toString()).toBe(answered);
  });

  test.each([
    [{ message: 'Invalid model specified', code: 'invalid_model' }, 400, 'invalid_model'],
    [{ message: 'Rate limit exceeded', code: 'rate_limit_exceeded' }, 500, 'rate_limit_exceeded'],
    [{ message: 'The request timed out, it is invalid now' }, 500, 'request_failed'],
    [{ message: 'The context length is exceeded' }, 400, 'request_failed'],
    [{ message: 'no idea', code: 422 }, 422, '422'],
    ['something', 500, 'request_failed'],
    ['Invalid API key provided', 403, 'request_failed'],
  ])('%j', (error, status, code) => {
    const row = rowOf(Buffer.from(JSON.stringify({ custom_id: 'a', error })));
    expect(JSON.parse(row.toString())).toMatchObject({
      custom_id: 'a',
      response: { status_code: status, body: { error: { code } } },
      error: null,
    });
  });
});

test.each([
  // https://github.com/expectedparrot/edsl/issues/2098
  [402, 'Credit limit exceeded. Please navigate to …/settings/billing to add credit.', 'account'],
  // https://github.com/togethercomputer/MoA/issues/27: the same type and page, and it passes.
  [429, 'You have been rate limited. Please navigate to …/settings/billing to upgrade.', 'quota'],
  [401, 'Invalid API key provided', 'account'],
  [400, 'invalid endpoint', 'permanent'],
])('a create call refused with %i %s is %s', async (status, message, kind) => {
  const error = { message, type: 'credit_limit', param: null, code: null };
  const { provider } = await stub(({ path }, response) =>
    path.endsWith('/upload')
      ? sendJson(response, { id: 'file-in' })
      : sendJson(response, { id: 'x', error }, status),
  );
  await expect(submit(provider, HARNESS, ['a'])).rejects.toMatchObject({
    kind,
    reason: { code: 'credit_limit', message: `Together, create: ${status} ${message}` },
  });
});
