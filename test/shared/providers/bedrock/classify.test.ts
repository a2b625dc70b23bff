import { BedrockServiceException } from '@aws-sdk/client-bedrock';
import { describe, expect, test } from 'vitest';
import { ProviderError, RefusedError } from '../../../../shared/batch/errors.ts';
import { classify } from '../../../../shared/providers/bedrock/errors.ts';

const answer = (httpStatusCode: number, name: string, message = 'no') =>
  new BedrockServiceException({
    name,
    message,
    $fault: httpStatusCode < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode },
  });
const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
const noHost = Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' });
const named = (name: string) => Object.assign(new Error('no'), { name });
const wrapped = new Error('s3://b/k broke off at byte 5', { cause: answer(404, 'NoSuchKey') });

const CONCURRENT = 'You have too many concurrent batch inference jobs. Try again later.';
const ROLE = 'The provided role cannot be assumed by Bedrock. Validate its trust policy.';
const PERMISSIONS = 'The role has insufficient permissions for s3://bucket/input.jsonl';
const OUTPUT = 'Unable to validate S3 output location. Check its bucket and region.';
const FEW = 'Batch job contains less records (1) than the required minimum of: 100';

// what went wrong | upload | create | read | code of the reason
const TABLE: [string, unknown, string, string, string, string][] = [
  ['reset', reset, 'transient', 'uncertain', 'transient', 'ECONNRESET'],
  ['timeout', named('TimeoutError'), 'transient', 'uncertain', 'transient', 'timeout'],
  ['our deadline', named('AbortError'), 'transient', 'uncertain', 'transient', 'timeout'],
  ['no JSON', new SyntaxError('<'), 'transient', 'uncertain', 'transient', 'no_usable_answer'],
  ['a bare string', 'broken', 'transient', 'uncertain', 'transient', 'no_usable_answer'],
  ['302', answer(302, 'Found'), 'transient', 'uncertain', 'transient', 'Found'],
  ['408', answer(408, 'Timeout'), 'transient', 'uncertain', 'transient', 'Timeout'],
  ['409', answer(409, 'Conflict'), 'transient', 'uncertain', 'transient', 'Conflict'],
  ...row('ConflictException', 400, 'transient', 'uncertain', 'transient'),
  ...row('InternalServerException', 500, 'transient', 'uncertain', 'transient'),
  ...row('ServiceUnavailableException', 503, 'transient', 'uncertain', 'transient'),
  ...row('ThrottlingException', 429, 'transient', 'quota', 'transient'),
  ...row('ServiceQuotaExceededException', 400, 'transient', 'quota', 'transient'),
  ...row('AccessDeniedException', 403, 'account', 'account', 'forbidden'),
  ...row('UnrecognizedClientException', 403, 'account', 'account', 'account'),
  ...row('ExpiredTokenException', 400, 'account', 'account', 'account'),
  ...row('ValidationException', 400, 'permanent', 'permanent', 'permanent'),
  ...row('ResourceNotFoundException', 404, 'account', 'permanent', 'missing'),
  ...row('ValidationException', 400, 'transient', 'quota', 'transient', CONCURRENT),
  ...row('ValidationException', 400, 'account', 'account', 'account', ROLE),
  ...row('ValidationException', 400, 'account', 'account', 'account', PERMISSIONS),
  ...row('ValidationException', 400, 'permanent', 'permanent', 'permanent', FEW),
  [
    'no credentials',
    named('CredentialsProviderError'),
    'account',
    'account',
    'account',
    'CredentialsProviderError',
  ],
  [
    'S3 AccessDenied',
    answer(403, 'AccessDenied'),
    'account',
    'account',
    'forbidden',
    'AccessDenied',
  ],
  ['a HEAD of S3', answer(403, '403'), 'account', 'account', 'forbidden', '403'],
  ['a region without Bedrock', noHost, 'account', 'account', 'transient', 'ENOTFOUND'],
  ...row('ValidationException', 400, 'account', 'account', 'account', OUTPUT),
  ['an object that broke off', wrapped, 'account', 'permanent', 'missing', 'NoSuchKey'],
];

function row(
  name: string,
  status: number,
  upload: string,
  create: string,
  read: string,
  message?: string,
): [[string, unknown, string, string, string, string]] {
  const title = message === undefined ? name : `${name}: ${message}`;
  return [[title, answer(status, name, message), upload, create, read, name]];
}

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

  test('a RefusedError is permanent', () => {
    const refused = new RefusedError({ code: 'line_too_long', message: 'line 1 is too long' });
    expect(classify(refused, 'upload')).toMatchObject({
      kind: 'permanent',
      reason: { code: 'line_too_long' },
    });
  });

  test('keeps credentials out of the reason', () => {
    const text = 'The key AKIAIOSFODNN7EXAMPLE is unknown.\nThe Canonical String was GET';
    const refused = answer(403, 'SignatureDoesNotMatch', text);
    expect(classify(refused, 'create').reason.message).toBe(
      'Bedrock, create: The key AKIA… is unknown.',
    );
  });
});
