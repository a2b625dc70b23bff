import { describe, expect, test } from 'vitest';
import { ACCOUNT_ROW_CODE } from '../../../../shared/batch/ledger.ts';
import { classifyRow, parseRow, usageOfRow } from '../../../../shared/jsonl/rows.ts';
import { resultSchema } from '../../../../shared/providers/anthropic/api.ts';
import { rowOf } from '../../../../shared/providers/anthropic/rows.ts';

const MESSAGE = {
  id: 'msg_1',
  model: 'claude-haiku-4-5',
  content: [{ type: 'text', text: 'Hi' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 4, output_tokens: 2 },
};
const rowFor = (
  result: object,
  format: 'openai' | 'native' = 'openai',
  endpoint = '/v1/chat/completions',
) => {
  const known = resultSchema.parse(result);
  return parseRow(rowOf('reference', known, { format, endpoint, model: 'gpt-4o-mini' }));
};
const errored = (type: string, message = 'no', details: object | null = null) =>
  rowFor({
    type: 'errored',
    error: { type: 'error', error: { type, message, details }, request_id: 'req_1' },
  });

describe('rowOf', () => {
  test('succeeded: the answer to a request of the Responses API is a response', () => {
    const row = rowFor({ type: 'succeeded', message: MESSAGE }, 'openai', '/v1/responses');
    expect(row).toMatchObject({
      response: { body: { object: 'response', output: [{ content: [{ text: 'Hi' }] }] } },
    });
    expect(classifyRow(row)).toBe('succeeded');
    expect(usageOfRow(row)).toMatchObject({ inputTokens: 4, outputTokens: 2 });
  });

  test('succeeded: the answer as a chat completion', () => {
    const row = rowFor({ type: 'succeeded', message: MESSAGE });
    expect(row).toMatchObject({
      custom_id: 'reference',
      response: {
        status_code: 200,
        request_id: 'msg_1',
        body: { object: 'chat.completion', choices: [{ message: { content: 'Hi' } }] },
      },
      error: null,
    });
    expect(classifyRow(row)).toBe('succeeded');
  });

  test('succeeded, native: the answer as it is', () => {
    const row = rowFor({ type: 'succeeded', message: MESSAGE }, 'native');
    expect(row.response?.body).toEqual(MESSAGE);
    expect(usageOfRow(row)).toMatchObject({ inputTokens: 4, outputTokens: 2 });
  });

  test('a request with an unreadable answer has failed: it is not paid for again', () => {
    const row = rowFor({ type: 'succeeded', message: { id: 'msg_1' } });
    expect(row.response).toMatchObject({ body: { error: { code: 'unreadable_answer' } } });
    expect(classifyRow(row)).toBe('failed');
  });

  test.each([
    ['canceled', 'batch_cancelled'],
    ['expired', 'batch_expired'],
  ])('%s: %s, to be run again', (type, code) => {
    const row = rowFor({ type });
    expect(row).toMatchObject({ custom_id: 'reference', response: null, error: { code } });
    expect(classifyRow(row)).toBe('unfinished');
  });

  test.each([
    ['invalid_request_error', 400, 'failed'],
    ['not_found_error', 404, 'failed'],
    ['request_too_large', 413, 'failed'],
    ['rate_limit_error', 429, 'unfinished'],
    ['api_error', 500, 'unfinished'],
    ['timeout_error', 504, 'unfinished'],
    ['overloaded_error', 529, 'unfinished'],
    ['error_of_another_day', 500, 'unfinished'],
    ['constructor', 500, 'unfinished'],
  ])('errored with %s: %i, %s', (type, status, outcome) => {
    const row = errored(type);
    expect(row.response).toMatchObject({
      status_code: status,
      request_id: 'req_1',
      body: { error: { code: type, message: 'no' } },
    });
    expect(classifyRow(row)).toBe(outcome);
  });

  test.each([
    ['an empty balance', 'invalid_request_error', 'Your credit balance is too low to access', null],
    ['the bill', 'billing_error', 'no', null],
    ['the key', 'authentication_error', 'no', null],
    ['a permission', 'permission_error', 'no', null],
    ['a spend limit', 'rate_limit_error', 'no', { error_code: 'contract_spend_limit_reached' }],
  ])('errored for %s: the account, to be run again', (_name, type, message, details) => {
    const row = errored(type, message, details);
    expect(row).toMatchObject({ response: null, error: { code: ACCOUNT_ROW_CODE, message } });
    expect(classifyRow(row)).toBe('unfinished');
  });
});
