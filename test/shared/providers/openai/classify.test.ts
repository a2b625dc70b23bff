import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai';
import { describe, expect, test } from 'vitest';
import { type FullQuota, ProviderError } from '../../../../shared/batch/errors.ts';
import { classify } from '../../../../shared/providers/openai/errors.ts';

const answer = (status: number, code?: string, message = 'no', type?: string) =>
  APIError.generate(status, { error: { code, message, type } }, undefined, new Headers());
const reset = new APIConnectionError({
  message: 'Connection error.',
  cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
});
const unknownHost = new APIConnectionError({
  message: 'Connection error.',
  cause: Object.assign(new Error('getaddrinfo ENOTFOUND x'), { code: 'ENOTFOUND' }),
});
const tokenLimit = 'Enqueued token limit reached for gpt-4o-mini in organization org-1.';

// what went wrong | upload | create | read | code of the reason
const TABLE: [string, unknown, string, string, string, string][] = [
  ['connection reset', reset, 'transient', 'uncertain', 'transient', 'ECONNRESET'],
  ['timeout', new APIConnectionTimeoutError(), 'transient', 'uncertain', 'transient', 'timeout'],
  ['our deadline', new APIUserAbortError(), 'transient', 'uncertain', 'transient', 'timeout'],
  ['no JSON', new SyntaxError('<html>'), 'transient', 'uncertain', 'transient', 'no_usable_answer'],
  ['302', answer(302), 'transient', 'uncertain', 'transient', 'http_302'],
  ['408', answer(408), 'transient', 'uncertain', 'transient', 'http_408'],
  ['409', answer(409), 'transient', 'uncertain', 'transient', 'http_409'],
  ['500', answer(500), 'transient', 'uncertain', 'transient', 'http_500'],
  ['503', answer(503, 'overloaded'), 'transient', 'uncertain', 'transient', 'overloaded'],
  [
    '500 that speaks of quota',
    answer(500, 'token_limit_exceeded'),
    'transient',
    'uncertain',
    'transient',
    'token_limit_exceeded',
  ],
  ['400', answer(400, 'invalid_value'), 'permanent', 'permanent', 'permanent', 'invalid_value'],
  ['413', answer(413), 'permanent', 'permanent', 'permanent', 'http_413'],
  ['422', answer(422), 'permanent', 'permanent', 'permanent', 'http_422'],
  ['404', answer(404), 'account', 'account', 'missing', 'http_404'],
  [
    '404 of a model',
    answer(404, undefined, 'The model gpt-9 does not exist'),
    'permanent',
    'permanent',
    'missing',
    'http_404',
  ],
  [
    '404 of a file that is not visible yet',
    answer(404, undefined, 'No such File object: file-1'),
    'permanent',
    'transient',
    'missing',
    'http_404',
  ],
  ['an unknown host', unknownHost, 'account', 'account', 'transient', 'ENOTFOUND'],
  ['401', answer(401, 'invalid_api_key'), 'account', 'account', 'account', 'invalid_api_key'],
  ['401 without a code', answer(401), 'account', 'account', 'account', 'http_401'],
  ['403', answer(403), 'account', 'account', 'forbidden', 'http_403'],
  [
    '403 for one model',
    answer(403, 'model_not_found'),
    'permanent',
    'permanent',
    'permanent',
    'model_not_found',
  ],
  [
    '429',
    answer(429, 'rate_limit_exceeded'),
    'transient',
    'quota',
    'transient',
    'rate_limit_exceeded',
  ],
  [
    '429 for the bill',
    answer(429, 'insufficient_quota'),
    'account',
    'account',
    'account',
    'insufficient_quota',
  ],
  [
    '429 for the bill, as a type',
    answer(429, undefined, 'no', 'insufficient_quota'),
    'account',
    'account',
    'account',
    'insufficient_quota',
  ],
  [
    '400 for the bill',
    answer(400, 'billing_hard_limit_reached'),
    'account',
    'account',
    'account',
    'billing_hard_limit_reached',
  ],
  [
    '429 token limit',
    answer(429, 'token_limit_exceeded'),
    'quota',
    'quota',
    'transient',
    'token_limit_exceeded',
  ],
  [
    '400 token limit',
    answer(400, 'token_limit_exceeded'),
    'quota',
    'quota',
    'transient',
    'token_limit_exceeded',
  ],
  [
    '400 token limit in words',
    answer(400, undefined, tokenLimit),
    'quota',
    'quota',
    'transient',
    'http_400',
  ],
  [
    'full file store',
    answer(400, undefined, 'You exceeded your file storage quota'),
    'account',
    'account',
    'account',
    'http_400',
  ],
];

describe('classify', () => {
  test.each(TABLE)('%s', (_name, error, upload, create, read, code) => {
    expect(classify(error, 'upload').kind).toBe(upload);
    expect(classify(error, 'create').kind).toBe(create);
    expect(classify(error, 'read').kind).toBe(read);
    expect(classify(error, 'read').reason.code).toBe(code);
  });

  test('returns a ProviderError unchanged', () => {
    const known = new ProviderError('quota', { code: 'x', message: 'y' });
    expect(classify(known, 'create')).toBe(known);
  });

  test('a listing that is forbidden is about the account, and one job or file is not', () => {
    expect(classify(answer(403), 'list').kind).toBe('account');
    expect(classify(answer(403), 'read').kind).toBe('forbidden');
  });

  test('a host that does not exist is named, with what to correct', () => {
    const { message } = classify(unknownHost, 'create').reason;
    expect(message).toContain('getaddrinfo ENOTFOUND x');
    expect(message).toContain('correct the region, location or baseUrl');
  });

  test('keeps keys out of the reason', () => {
    const refused = answer(401, undefined, 'Incorrect API key provided: sk-proj-ab_c-123456.');
    expect(classify(refused, 'create').reason.message).toBe(
      'OpenAI, create: 401 Incorrect API key provided: sk-….',
    );
  });
});

describe('a quota that a refusal names', () => {
  // The words of public reports: github.com/openai/openai-python/issues/2084,
  // community.openai.com/t/1002388, learn.microsoft.com/en-us/answers/questions/2285577
  test.each<[string, FullQuota]>([
    [
      'Enqueued token limit reached for gpt-4o in organization org-1. Limit: 90,000 enqueued tokens. Please try again once some in_progress batches have been completed.',
      { of: 'tokens', limit: 90_000 },
    ],
    ['Enqueued token limit reached for gpt-4.1', { of: 'tokens' }],
    [
      'Enqueued request limit reached for text-embedding-3-small in organization org-1. Limit: 1,000,000 enqueued requests.',
      { of: 'requests', limit: 1_000_000 },
    ],
    [
      "The number of enqueued tokens has surpassed the configured limit of 30K for the deployment 'gpt-4.1-batch'. Please either increase the limit or try again once the current jobs have finished.",
      { of: 'tokens', limit: 30_000 },
    ],
    ['Enqueued tokens limit reached. Limit: 1.5M enqueued tokens', { of: 'tokens', limit: 1.5e6 }],
    ['Enqueued token limit reached. Limit: 0', { of: 'tokens' }],
  ])('is read from: %s', (message, quota) => {
    for (const status of [400, 429]) {
      const refused = classify(answer(status, undefined, message), 'create');
      expect(refused).toMatchObject({ kind: 'quota', reason: { quota } });
      expect(refused.reason.quota).toEqual(quota);
    }
  });

  test('is none for calls that are too many, and for a refusal of the account', () => {
    const calls = classify(answer(429, 'rate_limit_exceeded', 'Limit: 3 / min'), 'create');
    expect(calls).toMatchObject({ kind: 'quota' });
    expect(calls.reason.quota).toBeUndefined();
    expect(classify(answer(429, 'insufficient_quota'), 'create').reason.quota).toBeUndefined();
  });
});
