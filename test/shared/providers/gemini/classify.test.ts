import { describe, expect, test } from 'vitest';
import { ProviderError, RefusedError } from '../../../../shared/batch/errors.ts';
import { classify } from '../../../../shared/providers/gemini/errors.ts';
import { httpErrorOf } from '../../../../shared/providers/google/errors.ts';

interface Details {
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** In Google's format: https://google.aip.dev/193 */
function answer(code: number, { status, reason, message = 'no' }: Details = {}) {
  const details = reason ? [{ '@type': 'google.rpc.ErrorInfo', reason }, { '@type': 'other' }] : [];
  const body = JSON.stringify({ error: { code, message, status, details } });
  return httpErrorOf(new Response(body, { status: code }));
}

const reset = new TypeError('fetch failed', {
  cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
});
const page = () => httpErrorOf(new Response('<html>', { status: 502 }));
const QUOTA = 'You exceeded your current quota, please check your plan and billing details.';
const GONE = 'You do not have permission to access the File abc or it may not exist.';
const FREE_TIER =
  'Gemini API free tier is not available in your country. Please enable billing on your project.';

type Row = [string, unknown, string, string, string, string];

// what went wrong | upload | create | read | code of the reason
const TABLE: Row[] = [
  ['connection reset', reset, 'transient', 'uncertain', 'transient', 'ECONNRESET'],
  [
    'timeout',
    new DOMException('', 'TimeoutError'),
    'transient',
    'uncertain',
    'transient',
    'timeout',
  ],
  ['no JSON', new SyntaxError('<html>'), 'transient', 'uncertain', 'transient', 'no_usable_answer'],
  ["a gateway's page", await page(), 'transient', 'uncertain', 'transient', 'http_502'],
  ['a redirection', await answer(302), 'transient', 'uncertain', 'transient', 'http_302'],
  ['408', await answer(408), 'transient', 'uncertain', 'transient', 'http_408'],
  named('ALREADY_EXISTS', await answer(409, { status: 'ALREADY_EXISTS' }), 'unclear'),
  named('ABORTED', await answer(409, { status: 'ABORTED' }), 'unclear'),
  named('CANCELLED', await answer(499, { status: 'CANCELLED' }), 'permanent'),
  named('INTERNAL', await answer(500, { status: 'INTERNAL' }), 'unclear'),
  named('UNKNOWN', await answer(500, { status: 'UNKNOWN' }), 'unclear'),
  named('DATA_LOSS', await answer(500, { status: 'DATA_LOSS' }), 'unclear'),
  named('UNIMPLEMENTED', await answer(501, { status: 'UNIMPLEMENTED' }), 'unclear'),
  named('UNAVAILABLE', await answer(503, { status: 'UNAVAILABLE' }), 'unclear'),
  named('DEADLINE_EXCEEDED', await answer(504, { status: 'DEADLINE_EXCEEDED' }), 'unclear'),
  named('INVALID_ARGUMENT', await answer(400, { status: 'INVALID_ARGUMENT' }), 'permanent'),
  named('OUT_OF_RANGE', await answer(400, { status: 'OUT_OF_RANGE' }), 'permanent'),
  named('FAILED_PRECONDITION', await answer(400, { status: 'FAILED_PRECONDITION' }), 'permanent'),
  named('UNAUTHENTICATED', await answer(401, { status: 'UNAUTHENTICATED' }), 'account'),
  named('PERMISSION_DENIED', await answer(403, { status: 'PERMISSION_DENIED' }), 'forbidden'),
  ['403 without a name', await answer(403), 'account', 'account', 'forbidden', 'http_403'],
  named(
    'API_KEY_INVALID',
    await answer(400, { status: 'INVALID_ARGUMENT', reason: 'API_KEY_INVALID' }),
    'account',
  ),
  named(
    'SERVICE_DISABLED',
    await answer(403, { status: 'PERMISSION_DENIED', reason: 'SERVICE_DISABLED' }),
    'account',
  ),
  named(
    'FAILED_PRECONDITION',
    await answer(400, { status: 'FAILED_PRECONDITION', message: FREE_TIER }),
    'account',
  ),
  named(
    'FAILED_PRECONDITION',
    await answer(400, {
      status: 'FAILED_PRECONDITION',
      message: 'User location is not supported for the API use.',
    }),
    'account',
  ),
  named(
    'RESOURCE_EXHAUSTED',
    await answer(429, { status: 'RESOURCE_EXHAUSTED', message: 'Your credits are depleted.' }),
    'account',
  ),
  named(
    'RESOURCE_EXHAUSTED',
    await answer(429, { status: 'RESOURCE_EXHAUSTED', message: QUOTA }),
    'full',
  ),
  ['429 without a name', await answer(429), 'transient', 'quota', 'transient', 'http_429'],
  [
    'NOT_FOUND',
    await answer(404, { status: 'NOT_FOUND' }),
    'account',
    'account',
    'missing',
    'NOT_FOUND',
  ],
  [
    'a model that does not exist',
    await answer(404, { status: 'NOT_FOUND', message: 'models/x is not found' }),
    'permanent',
    'permanent',
    'missing',
    'NOT_FOUND',
  ],
  [
    'a file that is not there',
    await answer(403, { status: 'PERMISSION_DENIED', message: GONE }),
    'permanent',
    'transient',
    'missing',
    'PERMISSION_DENIED',
  ],
];

/** Rows of failures that mean the same for every call, and of failures without a definite answer. */
function named(code: string, error: unknown, kind: string): Row {
  if (kind === 'unclear') return [code, error, 'transient', 'uncertain', 'transient', code];
  if (kind === 'full') return [code, error, 'transient', 'quota', 'transient', code];
  if (kind === 'forbidden') return [code, error, 'account', 'account', kind, code];
  return [code, error, kind, kind, kind, code];
}

describe('the classification of failed calls', () => {
  test.each(TABLE)('%s', (_name, error, upload, create, read, code) => {
    expect(classify(error, 'upload').kind).toBe(upload);
    expect(classify(error, 'create').kind).toBe(create);
    expect(classify(error, 'read').kind).toBe(read);
    expect(classify(error, 'read').reason.code).toBe(code);
  });

  test('names the call, and contains no key', async () => {
    const error = await answer(400, { message: 'API key AIzaSyD-secret_1 is not valid' });
    const { message } = classify(error, 'create').reason;
    expect(message).toBe('Gemini, create: API key AIza… is not valid');
  });

  test('a ProviderError is returned unchanged', () => {
    const error = new ProviderError('missing', { code: 'a', message: 'b' });
    expect(classify(error, 'create')).toBe(error);
  });

  test('a request that the settings refuse since its inspection is permanent', () => {
    const reason = { code: 'unsupported_field', message: 'body.seed' };
    expect(classify(new RefusedError(reason), 'upload')).toMatchObject({
      kind: 'permanent',
      reason,
    });
  });
});
