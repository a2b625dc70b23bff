import { expect, test } from 'vitest';
import {
  answerRow,
  classifyRow,
  parseRow,
  referenceOf,
  refusalRow,
} from '../../../shared/jsonl/rows.ts';

test('an answer is a row that has succeeded', () => {
  const row = parseRow(answerRow('a', 'req_1', { id: 'x' }));
  expect(row).toEqual({
    id: 'batch_req_req_1',
    custom_id: 'a',
    response: { status_code: 200, request_id: 'req_1', body: { id: 'x' } },
    error: null,
  });
  expect(classifyRow(row)).toBe('succeeded');
});

test.each([
  [400, 'failed'],
  [404, 'failed'],
  [422, 'failed'],
  [429, 'unfinished'],
  [500, 'unfinished'],
  [529, 'unfinished'],
])('a refusal with status %i is %s', (status, outcome) => {
  const row = parseRow(refusalRow('a', 'req_1', { status, code: 'no', message: 'No.' }));
  expect(row.response).toMatchObject({
    status_code: status,
    body: { error: { code: 'no', message: 'No.' } },
  });
  expect(classifyRow(row)).toBe(outcome);
});

test('a reference is short, legal everywhere, and the same for the same id', () => {
  const references = ['a', 'b', 'ü '.repeat(200)].map(referenceOf);
  for (const reference of references) expect(reference).toMatch(/^[0-9a-f]{32}$/);
  expect(new Set(references).size).toBe(3);
  expect(referenceOf('a')).toBe(references[0]);
});

test('the row of a request for which the account was refused is unfinished, with whatever status', () => {
  const error = { status: 403, code: 'account_refused', message: 'enable billing' };
  const row = parseRow(refusalRow('a', 'q', error));
  expect(row.error).toEqual({ code: 'account_refused', message: 'enable billing' });
  expect(classifyRow(row)).toBe('unfinished');
});

const ANSWER = { status_code: 200, request_id: 'q', body: {} };
const statusIs = (status: unknown) => ({ response: { ...ANSWER, status_code: status } });
const errorIs = (error: unknown) => ({ response: ANSWER, error });

test.each([
  [statusIs('200'), 'succeeded'],
  [statusIs('429'), 'unfinished'],
  [statusIs('ok'), 'failed'],
  [statusIs(null), 'failed'],
  [{ response: 'x' }, 'failed'],
  [{ response: null, error: 'no' }, 'failed'],
  [{ response: null, error: { message: 'no' } }, 'failed'],
  [errorIs(''), 'succeeded'],
  [errorIs({}), 'succeeded'],
  [errorIs({ code: null, message: null }), 'succeeded'],
  [errorIs({ message: 'no' }), 'failed'],
  [errorIs({ code: 17 }), 'failed'],
  [errorIs('no'), 'failed'],
])('the row %j of a service has %s', (row, outcome) => {
  expect(classifyRow(row as Parameters<typeof classifyRow>[0])).toBe(outcome);
});

// The statuses and codes of `Response` in OpenAI's SDK.
test.each([
  [{ status: 'completed' }, 'succeeded'],
  [{ status: 'incomplete' }, 'succeeded'],
  [{ status: 'cancelled' }, 'unfinished'],
  [{ status: 'failed', error: { code: 'server_error' } }, 'unfinished'],
  [{ status: 'failed', error: { code: 'rate_limit_exceeded' } }, 'unfinished'],
  [{ status: 'failed', error: { code: 'invalid_prompt' } }, 'failed'],
  [{ status: 'failed', error: null }, 'failed'],
])('a Response %j in an answer with status 200 has %s', (body, outcome) => {
  const row = parseRow(answerRow('a', 'req_1', { object: 'response', ...body }));
  expect(classifyRow(row)).toBe(outcome);
});

// The statuses of `Video` in OpenAI's SDK.
test.each([
  [{ status: 'completed', error: null }, 'succeeded'],
  [{ status: 'failed', error: { code: 'server_error' } }, 'unfinished'],
  [{ status: 'failed', error: { code: 'moderation_blocked' } }, 'failed'],
])('a video %j in an answer with status 200 has %s', (body, outcome) => {
  const row = parseRow(answerRow('a', 'req_1', { object: 'video', ...body }));
  expect(classifyRow(row)).toBe(outcome);
});

test.each([
  [undefined, 'unfinished'],
  [null, 'unfinished'],
  ['', 'unfinished'],
  ['<html>', 'unfinished'],
  [{ error: { code: 'overloaded', message: 'later' } }, 'unfinished'],
  [{ error: { code: 429, message: 'later' } }, 'unfinished'],
  [{ error: { code: 400, message: 'no' } }, 'failed'],
  [{ error: null, choices: [] }, 'succeeded'],
  [{ object: 'response', status: 'completed', error: null }, 'succeeded'],
])('a row with status 200 and the body %j is %s', (body, outcome) => {
  const response = { status_code: 200, request_id: 'r', body };
  expect(classifyRow({ custom_id: 'a', response, error: null })).toBe(outcome);
});
