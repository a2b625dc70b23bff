import {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
} from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { ProviderError } from '../../../../shared/batch/errors.ts';
import { classify } from '../../../../shared/providers/anthropic/errors.ts';

const answer = (status: number, type?: string, message = 'no', error_code?: string) => {
  const details = error_code === undefined ? null : { error_code };
  const body = type === undefined ? {} : { type: 'error', error: { type, message, details } };
  return APIError.generate(status, body, undefined, new Headers());
};
const reset = new APIConnectionError({
  message: 'Connection error.',
  cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
});
const BALANCE = 'Your credit balance is too low to access the Anthropic API. Please go to Plans';
const SPENT =
  'You have reached your specified API usage limits. You will regain access on 2027-01-01';

type Row = [string, unknown, string, string, string];

// what went wrong | create | read | code of the reason
const TABLE: Row[] = [
  ['connection reset', reset, 'uncertain', 'transient', 'ECONNRESET'],
  ['timeout', new APIConnectionTimeoutError(), 'uncertain', 'transient', 'timeout'],
  ['our deadline', new APIUserAbortError(), 'uncertain', 'transient', 'timeout'],
  ['no JSON', new SyntaxError('<html>'), 'uncertain', 'transient', 'no_usable_answer'],
  ['302', answer(302), 'uncertain', 'transient', 'http_302'],
  ['408', answer(408), 'uncertain', 'transient', 'http_408'],
  ['409', answer(409, 'conflict_error'), 'uncertain', 'transient', 'conflict_error'],
  ['500', answer(500, 'api_error'), 'uncertain', 'transient', 'api_error'],
  ['500 without a body', answer(500), 'uncertain', 'transient', 'http_500'],
  ['504', answer(504, 'timeout_error'), 'uncertain', 'transient', 'timeout_error'],
  ['529', answer(529, 'overloaded_error'), 'uncertain', 'transient', 'overloaded_error'],
  ['400', answer(400, 'invalid_request_error'), 'permanent', 'permanent', 'invalid_request_error'],
  ['413', answer(413, 'request_too_large'), 'permanent', 'permanent', 'request_too_large'],
  ['422', answer(422), 'permanent', 'permanent', 'http_422'],
  ['404', answer(404, 'not_found_error'), 'account', 'missing', 'not_found_error'],
  [
    '404 of a model',
    answer(404, 'not_found_error', 'model: claude-9'),
    'permanent',
    'missing',
    'not_found_error',
  ],
  ['401', answer(401, 'authentication_error'), 'account', 'account', 'authentication_error'],
  ['401 without a body', answer(401), 'account', 'account', 'http_401'],
  ['402', answer(402, 'billing_error'), 'account', 'account', 'billing_error'],
  ['403', answer(403, 'permission_error'), 'account', 'forbidden', 'permission_error'],
  ['400 for the bill', answer(400, 'billing_error'), 'account', 'account', 'billing_error'],
  [
    '400 for an empty balance',
    answer(400, 'invalid_request_error', BALANCE),
    'account',
    'account',
    'invalid_request_error',
  ],
  [
    '400 for a spent budget',
    answer(400, 'invalid_request_error', SPENT),
    'account',
    'account',
    'invalid_request_error',
  ],
  [
    '429 for a spend limit',
    answer(429, 'rate_limit_error', 'no', 'enforced_spend_limit_reached'),
    'account',
    'account',
    'enforced_spend_limit_reached',
  ],
  ...[
    ['403 for an organization on hold', 403, 'permission_error', 'organization_on_hold'],
    ['403 for a key that is off', 403, 'permission_error', 'cmek_key_disabled'],
    ['400 for a contract', 400, 'invalid_request_error', 'contract_spend_limit_reached'],
    ['403 for a code of the same words', 403, 'permission_error', 'organization_review_pending'],
  ].map(
    ([name, status, type, code]): Row => [
      String(name),
      answer(Number(status), String(type), 'no', String(code)),
      'account',
      'account',
      String(code),
    ],
  ),
  ...[
    'This organization has been disabled.',
    'Your organization is on hold.',
    'Access is paused until a human review is complete.',
    'The customer-managed encryption key could not be used.',
    'Your organization has reached its monthly spend limit.',
    'Outbound web identity federation is disabled for your account',
  ].map(
    (message): Row => [
      `400: ${message}`,
      answer(400, 'invalid_request_error', message),
      'account',
      'account',
      'invalid_request_error',
    ],
  ),
  ['429', answer(429, 'rate_limit_error'), 'quota', 'transient', 'rate_limit_error'],
  [
    '429 for growing too fast',
    answer(429, 'rate_limit_error', 'no', 'ramp_limit_exceeded'),
    'quota',
    'transient',
    'ramp_limit_exceeded',
  ],
];

describe('classify', () => {
  test.each(TABLE)('%s', (_name, error, create, read, code) => {
    expect(classify(error, 'create').kind).toBe(create);
    expect(classify(error, 'read').kind).toBe(read);
    expect(classify(error, 'read').reason.code).toBe(code);
  });

  test('returns a ProviderError unchanged', () => {
    const known = new ProviderError('quota', { code: 'x', message: 'y' });
    expect(classify(known, 'create')).toBe(known);
  });

  test("contains Anthropic's message, without keys", () => {
    const refused = answer(401, 'authentication_error', 'invalid key sk-ant-api03-ab_c-123.');
    expect(classify(refused, 'create').reason.message).toBe(
      'Anthropic, create: 401 invalid key sk-….',
    );
  });
});
