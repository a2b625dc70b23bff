import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
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
    'a deployment that does not exist',
    answered(404, { message: 'The API deployment does not exist', code: 'DeploymentNotFound' }),
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

describe('a connection that never carries the whole file', () => {
  const LARGE = Buffer.from(Array.from({ length: 6_000 }, (_, index) => rowAt(index)).join(''));
  const MOST = Math.ceil(LARGE.length * 0.4);

  /** Answers with at most 40 % of what was asked for. `ranges`: how the server treats a range. */
  function startBounded(ranges: 'given' | 'refused' | 'shifted') {
    return startStub((request, response) => {
      const asked = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      if (asked > 0 && ranges === 'refused') return response.writeHead(416).end();
      const from = ranges === 'shifted' ? Math.max(0, asked - 1_000) : asked;
      const rest = LARGE.subarray(from);
      const range = `bytes ${from}-${LARGE.length - 1}/${LARGE.length}`;
      response.writeHead(from > 0 ? 206 : 200, {
        'content-length': rest.length,
        ...(from > 0 ? { 'content-range': range } : {}),
      });
      if (rest.length <= MOST) return response.end(rest);
      response.write(rest.subarray(0, MOST), () => response.destroy());
      return once(response, 'close');
    });
  }

  test.each(['given', 'shifted'] as const)('is finished by ranges that are %s', async (ranges) => {
    const { provider, requests } = await startBounded(ranges);
    const rows = await rowsOf(provider, JOB, OUTCOME);
    expect(rows.map((row) => row.custom_id)).toEqual(
      Array.from({ length: 6_000 }, (_, i) => `${i}`),
    );
    expect(requests).toHaveLength(3);
  });

  test('is given up after a while where the server refuses ranges', async () => {
    const { provider } = await startBounded('refused');
    await expect(rowsOf(provider, JOB, OUTCOME)).rejects.toMatchObject({ kind: 'transient' });
  });
});

test('a server that gives only a piece of a range is asked for the rest', async () => {
  const { provider, requests } = await startStub((request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from === 0) {
      response.writeHead(200, { 'content-length': BODY.length });
      response.write(BODY.subarray(0, 9_000), () => response.destroy());
      return once(response, 'close');
    }
    const piece = BODY.subarray(from, from + 9_000);
    const range = `bytes ${from}-${from + piece.length - 1}/${BODY.length}`;
    return response.writeHead(206, { 'content-range': range }).end(piece);
  });
  const rows = await rowsOf(provider, JOB, OUTCOME);
  expect(rows).toHaveLength(400);
  expect(requests.length).toBeGreaterThan(2);
});

test.each([1, 9])(
  'a file that is compressed in spite of the request is read whole, at level %i',
  async (level) => {
    const zipped = gzipSync(BODY, { level: level === 1 ? 0 : level });
    let cuts = 2;
    const { provider, requests } = await startStub((_request, response) => {
      response.writeHead(200, { 'content-length': zipped.length, 'content-encoding': 'gzip' });
      if (cuts-- <= 0) return response.end(zipped);
      response.write(zipped.subarray(0, zipped.length / 2), () => response.destroy());
      return once(response, 'close');
    });
    expect(await rowsOf(provider, JOB, OUTCOME)).toHaveLength(400);
    expect(requests.map(({ headers }) => headers.range)).toEqual([undefined, undefined, undefined]);
  },
);
