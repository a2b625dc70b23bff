import { describe, expect, test } from 'vitest';
import type { WireJob } from '../../../../shared/providers/bedrock/api.ts';
import { jobStateOf } from '../../../../shared/providers/bedrock/jobs.ts';

const ARN = 'arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/abcdef123456';

function state(status: string, changes: Partial<WireJob> = {}) {
  const job = { jobArn: ARN, jobName: 'bhabcdefghij012345-1', submitTime: new Date() };
  return jobStateOf({ ...job, status, ...changes }, 100);
}

describe('jobStateOf', () => {
  test.each(['Submitted', 'Validating', 'Scheduled', 'InProgress', 'Stopping'])(
    '%s runs',
    (status) => {
      expect(state(status)).toEqual({ state: 'running' });
      expect(state(status, { processedRecordCount: 7 })).toEqual({ state: 'running', progress: 7 });
    },
  );

  test.each([
    ['Completed', 'completed'],
    ['PartiallyCompleted', 'expired'],
    ['Expired', 'expired'],
    ['Stopped', 'cancelled'],
  ])('%s has ended as %s', (status, kind) => {
    expect(state(status)).toEqual({ state: 'ended', outcome: { kind, jobId: ARN, files: [] } });
  });

  test.each(['completed', 'constructor', 'Dreaming'])('%s is unknown', (status) => {
    expect(state(status)).toEqual({ state: 'unknown', status });
  });

  test.each([
    ['Batch job contains less records (1) than the required minimum of: 100', 'permanent'],
    ['The number of records exceeds the quota of 50000 records per job', 'permanent'],
    ['The model anthropic.claude-9 is not supported for batch inference', 'permanent'],
    ['Line 3 of the input data is malformed', 'permanent'],
    ['Invalid file size: at most 1 GB', 'permanent'],
    ['The quota of concurrent jobs is exceeded', 'quota'],
    ['Throttled: too many requests', 'quota'],
    ['There is not enough capacity. Please try again later.', 'quota'],
    ['The role could not be assumed', 'account'],
    ['Insufficient permissions for the S3 bucket', 'account'],
    ['Failed to read the S3 bucket: it does not exist', 'account'],
    ['Unable to validate S3 output location', 'account'],
    ['Something broke on our side', undefined],
  ])('Failed with "%s" is %s', (message, refusal) => {
    const failed = state('Failed', { message });
    expect(failed).toMatchObject({
      state: 'ended',
      outcome: { kind: 'failed', reason: { code: 'job_failed', message } },
    });
    expect(failed.state === 'ended' && failed.outcome.refusal).toBe(refusal);
  });

  test('Failed without a message still has a reason', () => {
    expect(state('Failed')).toMatchObject({
      outcome: { kind: 'failed', reason: { code: 'job_failed', message: expect.any(String) } },
    });
  });
});

// `successRecordCount` of GetModelInvocationJob in AWS's SDK. A job may hold 99 records of padding.
test.each([
  [500, 401],
  [99, undefined],
])('of %i records that succeeded, at least %j are answers', (successRecordCount, answered) => {
  const ended = state('Completed', { successRecordCount });
  expect(ended.state === 'ended' && ended.outcome.answered).toBe(answered);
});
