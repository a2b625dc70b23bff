import { describe, expect, test } from 'vitest';
import { classifyRow } from '../../../../shared/jsonl/rows.ts';
import { resultSchema } from '../../../../shared/providers/gemini/api.ts';
import { rowOf } from '../../../../shared/providers/gemini/rows.ts';
import type { JobContext } from '../../../../shared/providers/provider.ts';

const JOB: JobContext = {
  key: 'bhabcdefghij012345-1',
  batchId: 'a-batch',
  endpoint: '/v1/chat/completions',
  model: 'gemini-2.5-flash',
  format: 'openai',
  options: {},
};
const CANDIDATES = { candidates: [{ content: { parts: [{ text: 'Yes' }] } }] };

function row(result: object, job: Partial<JobContext> = {}) {
  const parsed = resultSchema.parse({ key: 'mine', ...result });
  return JSON.parse(rowOf(parsed, { ...JOB, ...job }, 1_764_000_000).toString());
}

describe('an answer', () => {
  test('is a chat completion under its custom_id', () => {
    expect(row({ response: CANDIDATES })).toMatchObject({
      custom_id: 'mine',
      response: {
        status_code: 200,
        body: {
          object: 'chat.completion',
          model: 'gemini-2.5-flash',
          created: 1_764_000_000,
          choices: [{ message: { content: 'Yes' } }],
        },
      },
      error: null,
    });
  });

  test('is the same row when read again', () => {
    expect(row({ response: CANDIDATES })).toEqual(row({ response: CANDIDATES }));
  });

  test('of a native request is unchanged', () => {
    expect(row({ response: CANDIDATES }, { format: 'native' }).response.body).toEqual(CANDIDATES);
  });

  test('of an embeddings job is a list of embeddings', () => {
    const response = { embedding: { values: [0.5] } };
    const { body } = row({ response }, { endpoint: '/v1/embeddings' }).response;
    expect(body).toMatchObject({ object: 'list', data: [{ embedding: [0.5] }] });
  });

  test.each([
    ['that is malformed', { response: { candidates: [{ finishReason: 'MALFORMED_RESPONSE' }] } }],
    ['that is missing', {}],
  ])('%s is unfinished', (_name, result) => {
    expect(classifyRow(row(result))).toBe('unfinished');
  });

  test.each([
    ['that cannot be read', { candidates: 'none' }],
    [
      'of a kind that a chat completion has no place for',
      { candidates: [{ content: { parts: [{ executableCode: { code: 'secret' } }] } }] },
    ],
  ])('%s has failed: it was paid for', (_name, response) => {
    expect(classifyRow(row({ response }))).toBe('failed');
    expect(row({ response }).response.body.error).toMatchObject({
      code: 'unreadable_answer',
      message: expect.not.stringContaining('secret'),
    });
  });
});

describe('an error', () => {
  // google.rpc.Code, or HTTP status | status | code | outcome of the request
  test.each([
    [1, 408, 'CANCELLED', 'unfinished'],
    [2, 500, 'UNKNOWN', 'unfinished'],
    [3, 400, 'INVALID_ARGUMENT', 'failed'],
    [4, 504, 'DEADLINE_EXCEEDED', 'unfinished'],
    [5, 404, 'NOT_FOUND', 'failed'],
    [6, 409, 'ALREADY_EXISTS', 'unfinished'],
    [8, 429, 'RESOURCE_EXHAUSTED', 'unfinished'],
    [9, 503, 'FAILED_PRECONDITION', 'unfinished'],
    [10, 409, 'ABORTED', 'unfinished'],
    [11, 400, 'OUT_OF_RANGE', 'failed'],
    [12, 400, 'UNIMPLEMENTED', 'failed'],
    [13, 500, 'INTERNAL', 'unfinished'],
    [14, 503, 'UNAVAILABLE', 'unfinished'],
    [15, 500, 'DATA_LOSS', 'unfinished'],
    [400, 400, 'INVALID_ARGUMENT', 'failed'],
    [404, 404, 'NOT_FOUND', 'failed'],
    [413, 413, 'http_413', 'failed'],
    [429, 429, 'RESOURCE_EXHAUSTED', 'unfinished'],
    [499, 408, 'CANCELLED', 'unfinished'],
    [503, 503, 'UNAVAILABLE', 'unfinished'],
    [99, 500, 'http_99', 'unfinished'],
    [undefined, 500, 'job_failed', 'unfinished'],
  ])('%s has status %i and code %s: %s', (code, status, name, stands) => {
    for (const field of ['error', 'status']) {
      const found = row({ [field]: { code, message: 'no' } });
      expect(found.response).toMatchObject({
        status_code: status,
        body: { error: { code: name, message: 'no' } },
      });
      expect(classifyRow(found)).toBe(stands);
    }
  });

  test("about a file of the request is the request's own fault", () => {
    const message = 'You do not have permission to access the File x or it may not exist.';
    expect(classifyRow(row({ error: { code: 7, message } }))).toBe('failed');
  });

  test('of a project that cannot pay blocks the provider', () => {
    const found = row({ error: { code: 8, message: 'Your prepayment credits are depleted.' } });
    expect(found).toMatchObject({ response: null, error: { code: 'account_refused' } });
  });

  test.each([7, 16])('%s is about the account: its request runs again', (code) => {
    const found = row({ error: { code, message: 'no' } });
    expect(found).toMatchObject({ response: null, error: { code: 'account_refused' } });
    expect(classifyRow(found)).toBe('unfinished');
  });
});
