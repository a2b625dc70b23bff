import { describe, expect, test } from 'vitest';
import type { WireJob } from '../../../../shared/providers/vertex/api.ts';
import { jobStateOf } from '../../../../shared/providers/vertex/jobs.ts';
import { UNKNOWN_JOB as NAME } from './world.ts';

function stateOf(state: string, changes: Partial<WireJob> = {}) {
  const job = { name: NAME, createTime: 0, inputConfig: {}, outputConfig: {} };
  return jobStateOf({ ...job, state, ...changes });
}

describe('jobStateOf', () => {
  test.each(['JOB_STATE_QUEUED', 'JOB_STATE_PENDING'])('%s may still be refused', (state) => {
    expect(stateOf(state)).toEqual({ state: 'running', isPending: true });
  });

  test.each([
    'JOB_STATE_RUNNING',
    'JOB_STATE_CANCELLING',
    'JOB_STATE_PAUSED',
    'JOB_STATE_UPDATING',
  ])('%s runs', (state) => {
    expect(stateOf(state)).toEqual({ state: 'running' });
  });

  test.each([
    ['JOB_STATE_SUCCEEDED', 'completed'],
    ['JOB_STATE_PARTIALLY_SUCCEEDED', 'completed'],
    ['JOB_STATE_CANCELLED', 'cancelled'],
    ['JOB_STATE_EXPIRED', 'expired'],
  ])('%s has ended as %s', (state, kind) => {
    expect(stateOf(state)).toEqual({ state: 'ended', outcome: { kind, jobId: NAME, files: [] } });
  });

  test.each(['JOB_STATE_UNSPECIFIED', 'JOB_STATE_DREAMING', 'constructor', ''])(
    '"%s" is unknown',
    (state) => {
      expect(stateOf(state)).toEqual({ state: 'unknown', status: state });
    },
  );

  test.each([
    [1, 'CANCELLED', undefined],
    [2, 'UNKNOWN', undefined],
    [3, 'INVALID_ARGUMENT', 'permanent'],
    [4, 'DEADLINE_EXCEEDED', undefined],
    [5, 'NOT_FOUND', 'permanent'],
    [6, 'ALREADY_EXISTS', undefined],
    [7, 'PERMISSION_DENIED', 'account'],
    [8, 'RESOURCE_EXHAUSTED', 'quota'],
    [9, 'FAILED_PRECONDITION', 'permanent'],
    [10, 'ABORTED', undefined],
    [11, 'OUT_OF_RANGE', 'permanent'],
    [12, 'UNIMPLEMENTED', 'permanent'],
    [13, 'INTERNAL', undefined],
    [14, 'UNAVAILABLE', undefined],
    [15, 'DATA_LOSS', undefined],
    [16, 'UNAUTHENTICATED', 'account'],
    [99, 'job_state_failed', undefined],
  ])('JOB_STATE_FAILED with code %i, %s, is refused as %s', (code, name, refusal) => {
    const failed = stateOf('JOB_STATE_FAILED', { error: { code, message: 'What it says.' } });
    const reason = { code: name, message: 'What it says.' };
    expect(failed).toMatchObject({ state: 'ended', outcome: { kind: 'failed', reason } });
    expect(failed.state === 'ended' && failed.outcome.refusal).toBe(refusal);
  });

  test.each([
    [9, 'This project has no billing account', 'account'],
    [9, 'Failed to get GCS bucket location. Bucket gs://mine does not exist.', 'account'],
    [3, 'Not found: Dataset p:batch_out was not found in location us-central1', 'account'],
    [3, 'Failed to import data. Syntax error at [17:5]', 'permanent'],
    [9, 'The service agent does not have storage.objects.get access to the bucket', 'account'],
    // The messages of jobs that failed in production: https://github.com/OpenRouterTeam/docs
    [
      9,
      'Failed to get GCS bucket location for mine. Please check that the bucket exists and permissions are set correctly.',
      'account',
    ],
    [
      7,
      'Service account service-1@gcp-sa-aiplatform.iam.gserviceaccount.com doesn\'t have sufficient permission "storage.objects.create" to write gs://mine/predictions.jsonl.',
      'account',
    ],
    [
      13,
      'Failed to export data. Not found: Dataset tenant:data was not found in location US',
      undefined,
    ],
    [8, 'You exceeded your quota, check your plan and billing details', 'quota'],
    [429, 'You exceeded your quota, check your plan and billing details', 'quota'],
    [13, 'Quota exceeded: check your billing', 'quota'],
    [13, 'Quota exceeded for concurrent jobs', 'quota'],
    [undefined, '429 RESOURCE_EXHAUSTED', 'quota'],
    [undefined, 'Something broke on our side', undefined],
  ])('JOB_STATE_FAILED with code %s and "%s" is %s', (code, message, refusal) => {
    const error = { message, ...(code === undefined ? {} : { code }) };
    const failed = stateOf('JOB_STATE_FAILED', { error });
    expect(failed.state === 'ended' && failed.outcome.refusal).toBe(refusal);
  });

  test('a failed job without an error still has a reason', () => {
    expect(stateOf('JOB_STATE_FAILED')).toMatchObject({
      outcome: { reason: { code: 'job_state_failed', message: 'Vertex AI gave no message' } },
    });
  });

  test.each([
    [{ successfulCount: 3, failedCount: 2 }, 5],
    [{ successfulCount: 3 }, 3],
    [{ successfulCount: -1, failedCount: 2 }, 2],
  ])('%o has the progress %i', (completionStats, progress) => {
    expect(stateOf('JOB_STATE_RUNNING', { completionStats })).toEqual({
      state: 'running',
      progress,
    });
  });
});

test('an ended job says how many requests were answered', () => {
  const completionStats = { successfulCount: 4, failedCount: 5 };
  const state = stateOf('JOB_STATE_SUCCEEDED', { completionStats });
  expect(state).toMatchObject({ outcome: { answered: 4 } });
});
