import { APIError } from 'openai';
import { describe, expect, test } from 'vitest';
import { ProviderError } from '../../../../shared/batch/errors.ts';
import { wireBatchSchema } from '../../../../shared/providers/openai/api.ts';
import { classify } from '../../../../shared/providers/openai/errors.ts';
import { jobStateOf } from '../../../../shared/providers/openai/status.ts';

/** A job of Azure's examples: https://learn.microsoft.com/azure/foundry/openai/how-to/batch */
const job = (fields: object) =>
  wireBatchSchema.parse({
    id: 'batch_1',
    status: 'Validating',
    created_at: '2024-07-19T17:13:57.2491382+00:00',
    completion_window: '24h',
    endpoint: null,
    errors: null,
    input_file_id: 'file-in',
    output_file_id: '',
    error_file_id: '',
    metadata: null,
    request_counts: { total: null, completed: null, failed: null },
    ...fields,
  });

const ENDED_FILES = { output_file_id: 'file-out', error_file_id: 'file-empty' };

describe('a status', () => {
  test.each([
    ['Validating', { state: 'running', isPending: true }],
    ['validating', { state: 'running', isPending: true }],
    ['InProgress', { state: 'running' }],
    ['In_Progress', { state: 'running' }],
    ['in_progress', { state: 'running' }],
    ['Finalizing', { state: 'running' }],
    ['Cancelling', { state: 'running' }],
    ['Completed', { state: 'ended', outcome: { kind: 'completed' } }],
    ['Expired', { state: 'ended', outcome: { kind: 'expired' } }],
    ['Cancelled', { state: 'ended', outcome: { kind: 'cancelled' } }],
    ['canceled', { state: 'ended', outcome: { kind: 'cancelled' } }],
    ['Failed', { state: 'ended', outcome: { kind: 'failed' } }],
    ['Paused', { state: 'unknown', status: 'Paused' }],
  ])('%s', (status, expected) => {
    expect(jobStateOf(job({ status }))).toMatchObject(expected);
  });

  test('without files has empty strings', () => {
    expect(jobStateOf(job({ status: 'Completed' }))).toMatchObject({ outcome: { files: [] } });
  });

  test('of success has an empty error file beside the output', () => {
    const state = jobStateOf(job({ status: 'Completed', ...ENDED_FILES }));
    expect(state).toMatchObject({ outcome: { files: ['file-out', 'file-empty'] } });
  });

  test('of a job that runs for more than 24 hours is running', () => {
    const state = jobStateOf(job({ status: 'InProgress', created_at: 0, expires_at: 86_400 }));
    expect(state).toMatchObject({ state: 'running' });
  });
});

test('a time is seconds, or ISO 8601', () => {
  expect(job({}).created_at).toBe(1_721_409_237);
  expect(job({ created_at: 1_722_476_583 }).created_at).toBe(1_722_476_583);
});

/** code | meaning in a failed job | meaning in a refused create call, as its code or inner code */
const CODES: [string, string, string][] = [
  ['token_limit_exceeded', 'quota', 'quota'],
  ['quotaExceeded', 'account', 'account'],
  ['invalid_json_line', 'permanent', 'permanent'],
  ['too_many_tasks', 'permanent', 'permanent'],
  ['url_mismatch', 'permanent', 'permanent'],
  ['model_not_found', 'permanent', 'permanent'],
  ['duplicate_custom_id', 'permanent', 'permanent'],
  ['empty_file', 'permanent', 'permanent'],
  ['empty_batch', 'permanent', 'permanent'],
  ['model_mismatch', 'permanent', 'permanent'],
  ['invalid_request', 'permanent', 'permanent'],
  ['input_modified', 'permanent', 'permanent'],
  ['input_no_permissions', 'permanent', 'permanent'],
];

describe('an error code', () => {
  test.each(CODES)('%s of a failed job', (code, refusal) => {
    const errors = { object: 'list', data: [{ code, message: 'No.' }] };
    const state = jobStateOf(job({ status: 'Failed', errors }));
    expect(state).toMatchObject({ outcome: { kind: 'failed', refusal, reason: { code } } });
  });

  test.each(CODES)('%s of a refused create call', (code, _refusal, kind) => {
    const flat = refused(400, { code, message: 'No.' });
    const nested = refused(400, { code: 'BadRequest', message: 'No.', innererror: { code } });
    for (const error of [flat, nested])
      expect(classify(error, 'create')).toMatchObject({ kind, reason: { code } });
  });

  test('only in the message is found, too', () => {
    const error = refused(400, { code: 'BadRequest', message: 'token_limit_exceeded for d' });
    expect(classify(error, 'create').kind).toBe('quota');
  });
});

// status | body's code | upload | create | read
test.each([
  [401, '401', 'account', 'account', 'account'],
  [403, 'AuthorizationFailed', 'account', 'account', 'forbidden'],
  [404, '404', 'account', 'account', 'missing'],
  [404, 'DeploymentNotFound', 'account', 'account', 'missing'],
  [429, '429', 'transient', 'quota', 'transient'],
  [500, 'InternalServerError', 'transient', 'uncertain', 'transient'],
  [503, 'ServiceUnavailable', 'transient', 'uncertain', 'transient'],
])('HTTP %i %s', (status, code, upload, create, read) => {
  const error = refused(status, { code, message: 'No.' });
  expect(classify(error, 'upload').kind).toBe(upload);
  expect(classify(error, 'create').kind).toBe(create);
  expect(classify(error, 'read').kind).toBe(read);
});

test('a wrong address or API version blocks the provider and says what to correct', () => {
  const error = refused(404, { code: '404', message: 'Resource not found' });
  const { reason } = classify(error, 'upload');
  expect(reason.message).toContain('Resource not found');
  expect(reason.message).toContain('correct the baseUrl (and the apiVersion');
});

test('a version that Azure does not know blocks the provider and says what to correct', () => {
  const error = refused(400, { code: 'BadRequest', message: 'API version not supported' });
  const { kind, reason } = classify(error, 'upload');
  expect(kind).toBe('account');
  expect(reason.message).toContain('correct the apiVersion');
});

test('a deployment that does not exist blocks the model and says what to correct', () => {
  const message = 'The API deployment for this resource does not exist.';
  const { kind, reason } = classify(
    refused(404, { code: 'DeploymentNotFound', message }),
    'create',
  );
  expect(kind).toBe('account');
  expect(reason.message).toContain('correct the models');
  const errors = { data: { code: 'DeploymentNotFound', message, line: '1' } };
  expect(jobStateOf(job({ status: 'Failed', errors }))).toMatchObject({
    outcome: { refusal: 'account' },
  });
});

// https://learn.microsoft.com/answers/questions/2203029
test.each([
  [
    'invalidPayload',
    "The input file 'file-1' is in 'pending' state. Only files with status 'Processed' are accepted",
  ],
  ['unexpectedEntityState', 'No.'],
])('a file that is not processed yet, %s, may pass', (code, message) => {
  expect(classify(refused(400, { code, message }), 'create').kind).toBe('transient');
});

test('a full file store blocks the provider and says what to do', () => {
  const message = 'The quota for files without expiry is reached. The maximum is 500.';
  const { kind, reason } = classify(refused(400, { code: 'quotaExceeded', message }), 'upload');
  expect(kind).toBe('account');
  expect(reason.message).toContain(message);
  expect(reason.message).toContain('delete files there that nobody needs');
});

test('an error of fetching a token is neither wrapped nor uncertain', () => {
  const refusal = new ProviderError('transient', { code: 'token_unreachable', message: 'no' });
  expect(classify(new Error('Failed to get token', { cause: refusal }), 'create')).toBe(refusal);
});

test('a token that a gateway repeats stays out of the reason', () => {
  const error = refused(401, { code: '401', message: 'Bad header: Bearer eyJ0eXAi.b.c' });
  expect(classify(error, 'read').reason.message).toContain('Bearer …');
  expect(classify(error, 'read').reason.message).not.toContain('eyJ0');
});

function refused(status: number, error: object): APIError {
  return APIError.generate(status, { error }, undefined, new Headers());
}
