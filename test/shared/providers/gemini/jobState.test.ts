import { describe, expect, test } from 'vitest';
import { wireBatchSchema } from '../../../../shared/providers/gemini/api.ts';
import { jobStateOf } from '../../../../shared/providers/gemini/jobs.ts';

const NAME = 'batches/abc';

function stateOf(state: string, operation: object = {}, metadata: object = {}) {
  const batch = wireBatchSchema.parse({
    name: NAME,
    metadata: { state, createTime: '2026-11-25T00:00:00.123456789Z', ...metadata },
    ...operation,
  });
  return jobStateOf(batch);
}

const ended = (kind: string, more: object = {}) => ({
  state: 'ended',
  outcome: { kind, jobId: NAME, files: [], ...more },
});
const EXPIRED = { code: 'batch_expired', message: expect.stringContaining('48 hours') };
const NO_REASON = { code: 'job_failed', message: 'Gemini gave no message' };

describe.each(['BATCH_STATE_', 'JOB_STATE_'])('%s', (prefix) => {
  test.each<[string, object]>([
    ['QUEUED', { state: 'running', isPending: true }],
    ['PENDING', { state: 'running', isPending: true }],
    ['RUNNING', { state: 'running' }],
    ['CANCELLING', { state: 'running' }],
    ['PAUSED', { state: 'running' }],
    ['UPDATING', { state: 'running' }],
    ['SUCCEEDED', ended('completed')],
    ['PARTIALLY_SUCCEEDED', ended('completed')],
    ['FAILED', ended('failed', { reason: NO_REASON })],
    ['CANCELLED', ended('cancelled')],
    ['EXPIRED', ended('expired', { reason: EXPIRED })],
    ['UNSPECIFIED', { state: 'unknown', status: `${prefix}UNSPECIFIED` }],
    ['DREAMING', { state: 'unknown', status: `${prefix}DREAMING` }],
    ['toString', { state: 'unknown', status: `${prefix}toString` }],
  ])('%s', (word, state) => {
    expect(stateOf(prefix + word)).toEqual(state);
  });
});

test('progress counts answers and errors', () => {
  const batchStats = { requestCount: '9', successfulRequestCount: '4', failedRequestCount: '1' };
  const state = stateOf('BATCH_STATE_RUNNING', {}, { batchStats });
  expect(state).toEqual({ state: 'running', progress: 5 });
});

describe('files', () => {
  const output = { responsesFile: 'files/batch-abc' };
  const inlined = { inlinedResponses: { inlinedResponses: [] } };
  test.each<[string, object, object, string[]]>([
    ['of the response', { response: output }, {}, ['files/batch-abc']],
    ['of the metadata', {}, { output }, ['files/batch-abc']],
    ['in the job itself', { response: inlined }, {}, [NAME]],
  ])('%s', (_name, operation, metadata, files) => {
    const state = stateOf('BATCH_STATE_SUCCEEDED', operation, metadata);
    expect(state).toEqual(ended('completed', { files }));
  });
});

/** Codes of google.rpc.Code, or HTTP statuses. */
describe('the error of a job', () => {
  test.each<[number, string, string | undefined, string?]>([
    [1, 'CANCELLED', undefined],
    [2, 'UNKNOWN', undefined],
    [3, 'INVALID_ARGUMENT', 'permanent'],
    [4, 'DEADLINE_EXCEEDED', undefined],
    [5, 'NOT_FOUND', 'permanent'],
    [6, 'ALREADY_EXISTS', undefined],
    [7, 'PERMISSION_DENIED', 'account'],
    [8, 'RESOURCE_EXHAUSTED', 'quota', 'check your plan and billing details'],
    [8, 'RESOURCE_EXHAUSTED', 'account', 'Your prepayment credits are depleted'],
    [9, 'FAILED_PRECONDITION', 'permanent'],
    [9, 'FAILED_PRECONDITION', 'account', 'Please enable billing on your project'],
    [10, 'ABORTED', undefined],
    [11, 'OUT_OF_RANGE', 'permanent'],
    [12, 'UNIMPLEMENTED', 'permanent'],
    [13, 'INTERNAL', undefined],
    [14, 'UNAVAILABLE', undefined],
    [15, 'DATA_LOSS', undefined],
    [16, 'UNAUTHENTICATED', 'account'],
    [429, 'RESOURCE_EXHAUSTED', 'quota'],
    [503, 'UNAVAILABLE', undefined],
    [400, 'INVALID_ARGUMENT', 'permanent'],
    [418, 'http_418', undefined],
  ])('%i %s is %s', (code, name, refusal, message = 'no') => {
    const state = stateOf('BATCH_STATE_FAILED', { error: { code, message } });
    const more = { reason: { code: name, message }, ...(refusal ? { refusal } : {}) };
    expect(state).toEqual(ended('failed', more));
  });
});

test('an ended job says how many requests were answered', () => {
  const batchStats = { requestCount: '9', successfulRequestCount: '4', failedRequestCount: '5' };
  const state = stateOf('BATCH_STATE_SUCCEEDED', {}, { batchStats });
  expect(state).toEqual(ended('completed', { answered: 4 }));
});
