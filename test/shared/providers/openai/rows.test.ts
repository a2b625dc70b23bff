import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { Outcome } from '../../../../shared/batch/job.ts';
import { accountRefusalOf } from '../../../../shared/providers/openai/rows.ts';
import type { JobContext } from '../../../../shared/providers/provider.ts';
import { flat } from '../../../support/streams.ts';
import { rowsOf } from '../steps.ts';
import { startStub } from './stub.ts';

const OUTCOME: Outcome = { kind: 'completed', jobId: 'batch_1', files: ['file-1'] };
const JOB: JobContext = {
  key: 'bhabcdefghij012345-1',
  batchId: 'a-batch',
  endpoint: '/v1/chat/completions',
  model: 'gpt-4o-mini',
  format: 'openai',
  options: {},
};
const rowAt = (index: number) => `{"custom_id":"${index}","text":"${'ä'.repeat(50)}"}\n`;
const BODY = Buffer.from(Array.from({ length: 400 }, (_, index) => rowAt(index)).join(''));

test('yields rows while the file is still arriving', async () => {
  let finish: (() => void) | undefined;
  const { provider } = await startStub((_request, response) => {
    response.write(BODY.subarray(0, 1_000));
    finish = () => response.end(BODY.subarray(1_000));
  });
  const rows = flat(provider.readRows(OUTCOME, JOB))[Symbol.asyncIterator]();

  const first = await rows.next();

  expect(Buffer.from(first.value ?? []).toString()).toBe(rowAt(0).trimEnd());
  finish?.();
  let more = 0;
  while (!(await rows.next()).done) more++;
  expect(more).toBe(399);
});

test.each([
  ['its length known', { 'content-length': BODY.length }],
  ['in chunks', {}],
])('a file sent with %s and cut off anywhere is read completely', async (_name, headers) => {
  const cuts = [0, 1, 777, 20_000, BODY.length - 1];
  const { provider, requests } = await startStub(async (_request, response) => {
    response.writeHead(200, headers);
    const cut = cuts.shift();
    if (cut === undefined) return response.end(BODY);
    response.flushHeaders();
    if (cut > 0) response.write(BODY.subarray(0, cut), () => response.destroy());
    else response.destroy();
    return once(response, 'close');
  });

  const rows = await rowsOf(provider, JOB, OUTCOME);

  expect(rows.map((row) => row.custom_id)).toEqual(Array.from({ length: 400 }, (_, i) => `${i}`));
  expect(requests).toHaveLength(6);
});

test('a file that has become shorter throws', async () => {
  let first = true;
  const { provider } = await startStub((_request, response) => {
    response.writeHead(200, { 'content-length': first ? BODY.length : 10 });
    if (first) response.write(BODY.subarray(0, 5_000), () => response.destroy());
    else response.end(BODY.subarray(0, 10));
    first = false;
  });
  await expect(rowsOf(provider, JOB, OUTCOME)).rejects.toMatchObject({ kind: 'transient' });
});

test('empty lines and an empty file are no rows', async () => {
  const bodies = ['{"custom_id":"a"}\n\n', ''];
  const { provider } = await startStub((_request, response) => response.end(bodies.shift()));
  const rows = await rowsOf(provider, JOB, { ...OUTCOME, files: ['file-1', 'file-2'] });
  expect(rows.map((row) => row.custom_id)).toEqual(['a']);
});

const answered = (status: number, error: object) => ({
  id: 'batch_req_1',
  custom_id: 'mine',
  response: { status_code: status, request_id: 'q', body: { error } },
  error: null,
});

// The errors are those of single requests: https://developers.openai.com/api/docs/guides/error-codes
test.each([
  [
    'a billing limit',
    answered(400, {
      message: 'Billing hard limit has been reached',
      type: 'invalid_request_error',
      param: null,
      code: 'billing_hard_limit_reached',
    }),
  ],
  ['an empty balance', answered(429, { message: 'm', type: 'insufficient_quota', code: null })],
  ['a wrong key', answered(401, { message: 'Incorrect API key provided', code: null })],
  ['a key without the scope', answered(403, { message: 'Missing scopes: model.request' })],
  ['an unauthorized call in any words', answered(401, {})],
  [
    'a model that the project may not use',
    answered(403, {
      message: 'Project `proj_1` does not have access to model `gpt-4o`',
      code: 'model_not_found',
    }),
  ],
  [
    'an error of the row itself',
    { custom_id: 'mine', response: null, error: { code: 'insufficient_quota', message: 'm' } },
  ],
  [
    'a Responses answer that failed',
    {
      custom_id: 'mine',
      response: {
        status_code: 200,
        body: { status: 'failed', error: { code: 'insufficient_quota', message: 'm' } },
      },
      error: null,
    },
  ],
])('a row about %s says that the account was refused', (_name, row) => {
  for (const text of [JSON.stringify(row), JSON.stringify(row, null, 1).replaceAll('\n', ' ')]) {
    const found = JSON.parse(accountRefusalOf(Buffer.from(text))?.toString() ?? 'null');
    expect(found).toMatchObject({ custom_id: 'mine', error: { code: 'account_refused' } });
  }
});

test.each([
  ['an answer', { custom_id: 'a', response: { status_code: 200, body: { error: null } } }],
  ['a text that speaks of errors', { custom_id: 'a', text: '{"error": {"code": 1}}' }],
  ['a bad request', answered(400, { message: 'm', code: 'invalid_value' })],
  ['content that a service moderates', answered(403, { message: 'flagged', code: null })],
  ['a rate limit', answered(429, { message: 'm', code: 'rate_limit_exceeded' })],
  ['a model that does not exist', answered(404, { message: 'm', code: 'model_not_found' })],
  ['a row without an id', { error: { code: 'insufficient_quota', message: 'm' } }],
])('a row about %s stays as it is', (_name, row) => {
  expect(accountRefusalOf(Buffer.from(JSON.stringify(row)))).toBeUndefined();
});

test('a row that cannot be read stays as it is', () => {
  expect(accountRefusalOf(Buffer.from('{"custom_id":"a","error":{"code":'))).toBeUndefined();
  expect(accountRefusalOf(Buffer.from('[{"error":{}}]'))).toBeUndefined();
});
