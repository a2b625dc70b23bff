import { describe, expect, test } from 'vitest';
import { outcomeSchema } from '../../../../shared/batch/job.ts';
import {
  type BatchError,
  type WireBatch,
  wireBatchSchema,
} from '../../../../shared/providers/openai/api.ts';
import { jobStateOf } from '../../../../shared/providers/openai/status.ts';

const batch = (fields: object): WireBatch =>
  wireBatchSchema.parse({ id: 'batch_1', status: 'completed', created_at: 1, ...fields });
const failedWith = (error: BatchError) =>
  jobStateOf(batch({ status: 'failed', errors: { data: [error] } }));

describe('jobStateOf', () => {
  test.each(['validating', 'Validating'])('%s may still be refused for quota', (status) => {
    expect(jobStateOf(batch({ status }))).toEqual({ state: 'running', isPending: true });
  });

  test.each(['in_progress', 'finalizing', 'cancelling', 'InProgress', 'Finalizing', 'Canceling'])(
    '%s is running',
    (status) => {
      expect(jobStateOf(batch({ status }))).toEqual({ state: 'running' });
      const request_counts = { total: 9, completed: 4, failed: 1 };
      expect(jobStateOf(batch({ status, request_counts }))).toEqual({
        state: 'running',
        progress: 5,
      });
    },
  );

  test.each(['in_progress'])('%s without counts has no progress', (status) => {
    const request_counts = { total: null, completed: null, failed: null };
    expect(jobStateOf(batch({ status, request_counts }))).toEqual({ state: 'running' });
  });

  test.each(['completed', 'expired', 'cancelled', 'Completed', 'Cancelled'])(
    '%s has ended',
    (status) => {
      const files = { output_file_id: 'file-o', error_file_id: 'file-e' };
      expect(jobStateOf(batch({ status, ...files }))).toEqual({
        state: 'ended',
        outcome: { kind: status.toLowerCase(), jobId: 'batch_1', files: ['file-o', 'file-e'] },
      });
    },
  );

  test('one file for answers and errors is read once', () => {
    const state = jobStateOf(batch({ output_file_id: 'file-a', error_file_id: 'file-a' }));
    expect(state).toMatchObject({ outcome: { files: ['file-a'] } });
  });

  test.each([null, undefined, ''])('a file id of %j is no file', (absent) => {
    const state = jobStateOf(batch({ output_file_id: absent, error_file_id: 'file-e' }));
    expect(state).toMatchObject({ outcome: { files: ['file-e'] } });
  });

  test('an unknown status is unknown', () => {
    const state = jobStateOf(batch({ status: 'Dreaming' }));
    expect(state).toEqual({ state: 'unknown', status: 'Dreaming' });
  });

  const REFUSALS: [string, BatchError, string | undefined][] = [
    ['token limit', { code: 'token_limit_exceeded' }, 'quota'],
    ['request limit in words', { message: 'Enqueued request limit reached for m' }, 'quota'],
    ['request limit', { code: 'x', message: 'Enqueued request limit reached for m' }, 'quota'],
    ['token limit in words', { message: 'Enqueued token limit reached for gpt-4o' }, 'quota'],
    ['bill', { code: 'billing_hard_limit_reached' }, 'account'],
    ['balance', { code: 'insufficient_quota' }, 'account'],
    ['broken line', { code: 'invalid_json_line', line: 7 }, 'permanent'],
    ['known code', { code: 'model_mismatch' }, 'permanent'],
    ['new code of the input', { code: 'bad_weather_in_line', line: 1 }, 'permanent'],
    ['server', { code: 'server_error' }, undefined],
    ['new code', { code: 'moon_phase' }, undefined],
  ];
  test.each(REFUSALS)('failed for: %s', (_name, error, refusal) => {
    const state = failedWith(error);
    expect(state).toMatchObject({ state: 'ended', outcome: { kind: 'failed' } });
    if (refusal === undefined) expect(state).not.toHaveProperty('outcome.refusal');
    else expect(state).toHaveProperty('outcome.refusal', refusal);
  });

  test('the first error is the reason', () => {
    const error = { code: 'invalid_json_line', message: 'This line is not JSON', line: 7 };
    expect(failedWith(error)).toMatchObject({ outcome: { reason: error } });
  });

  test.each([
    ['a list', [{ code: 'c', message: 'no' }], { code: 'c', message: 'no' }],
    ['a list of texts', ['no'], { code: 'job_failed', message: 'no' }],
    ['a text', 'no', { code: 'job_failed', message: 'no' }],
    ['one object in data', { data: { code: 'c', line: '7' } }, { code: 'c', line: 7 }],
    ['an object', { message: 'no' }, { code: 'job_failed', message: 'no' }],
    ['a number', 5, { code: 'job_failed' }],
  ])('the reason may be in errors that are %s', (_, errors, reason) => {
    const state = jobStateOf(batch({ status: 'failed', errors }));
    expect(state).toMatchObject({ outcome: { kind: 'failed', reason } });
  });

  test.each([[[]], [''], [{}], [{ data: [] }], [null], [[null]]])(
    'a job that completed has no reason in errors that are %j',
    (errors) => {
      const state = jobStateOf(batch({ errors }));
      expect(state).toMatchObject({ outcome: { kind: 'completed' } });
      expect(state).not.toHaveProperty('outcome.reason');
    },
  );

  test('failed without a message may pass', () => {
    const state = jobStateOf(batch({ status: 'failed', errors: null }));
    expect(state).toMatchObject({ outcome: { kind: 'failed', reason: { code: 'job_failed' } } });
    expect(state).not.toHaveProperty('outcome.refusal');
  });
});

test.each([
  [{ completed: 4, failed: 1 }, 4],
  [{ completed: 0, failed: 5 }, undefined],
  [{ completed: null }, undefined],
  [{ completed: 1.5 }, undefined],
])('an ended job that counts %j has %j answers', (request_counts, answered) => {
  const state = jobStateOf(batch({ request_counts }));
  expect(state).toMatchObject({ outcome: answered === undefined ? {} : { answered } });
  if (answered === undefined) expect(state).not.toHaveProperty('outcome.answered');
});

test.each(['9'.repeat(400), 1e300, -1, 0])('a line %j is no line', (line) => {
  const state = jobStateOf(batch({ status: 'failed', errors: { data: [{ code: 'c', line }] } }));
  expect(outcomeSchema.parse((state as { outcome: unknown }).outcome).reason).not.toHaveProperty(
    'line',
  );
});

test('a limit beyond all numbers is one that a record can hold', () => {
  const message = `Enqueued token limit reached for m. Limit: ${'9'.repeat(400)} enqueued tokens.`;
  const state = jobStateOf(batch({ status: 'failed', errors: { data: [{ message }] } }));
  expect(outcomeSchema.parse((state as { outcome: unknown }).outcome).reason?.quota).toEqual({
    of: 'tokens',
    limit: Number.MAX_SAFE_INTEGER,
  });
});
