import { expect, test } from 'vitest';
import type { PastJob } from '../../../shared/batch/job.ts';
import type { BatchFields } from '../../../shared/batch/record.ts';
import type { Status } from '../../../shared/batch/status.ts';
import { batchObject } from '../../../shared/http/batchObject.ts';
import { given, OBJECTS } from '../../support/given.ts';

const COUNTS = { total: 10, succeeded: 6, failed: 1, unfinished: 3 };
const PAST: PastJob = {
  ...{ id: 'job_1', provider: 'openai', attempt: 1, submittedAt: 5_000, endedAt: 9_000 },
  ...{ end: 'completed', requests: 10, succeeded: 6 },
};

function shown(status: Status, changes: Partial<BatchFields> = {}) {
  return batchObject({ ...given(status), ...changes } as ReturnType<typeof given>, OBJECTS);
}

test.each<[Status, Partial<BatchFields>, string]>([
  ['inspecting', {}, 'validating'],
  ['queued', {}, 'validating'],
  ['submitting', {}, 'validating'],
  ['queued', { pastJobs: [PAST] }, 'in_progress'],
  ['retrying', { pastJobs: [PAST] }, 'in_progress'],
  ['submitting', { pastJobs: [PAST] }, 'in_progress'],
  ['running', {}, 'in_progress'],
  ['split', {}, 'in_progress'],
  ['collecting', {}, 'finalizing'],
  ['delivering', {}, 'finalizing'],
  ['running', { cancelRequested: true }, 'cancelling'],
  ['completed', {}, 'completed'],
  ['cancelled', {}, 'cancelled'],
  ['failed', { rows: undefined }, 'failed'],
  ['failed', { rows: { results: 'r', errors: 'e' } }, 'completed'],
  ['completed', { counts: COUNTS, endedAt: 9, deadlineAt: 8 }, 'expired'],
  ['cancelled', { counts: COUNTS, endedAt: 9, deadlineAt: 8 }, 'cancelled'],
])('a batch that is %s with %o is shown as %3$s', (status, changes, expected) => {
  expect(shown(status, changes).status).toBe(expected);
});

test('what will not run any more counts as failed, and what runs as far as the provider says', () => {
  expect(shown('completed', { counts: COUNTS }).request_counts).toEqual({
    ...{ total: 10, completed: 6, failed: 4 },
  });
  const job = { id: 'job_2', submission: 2, submittedAt: 20_000, progress: 2 };
  expect(shown('running', { counts: COUNTS, job }).request_counts).toEqual({
    ...{ total: 10, completed: 8, failed: 1 },
  });
});

test('times are those of the first job, of the end of the last, and of the end', () => {
  const object = shown('completed', { pastJobs: [PAST], endedAt: 12_345 });
  expect(object).toMatchObject({ in_progress_at: 5, finalizing_at: 9, completed_at: 12 });
  expect(object.failed_at).toBeUndefined();
  const cancelled = shown('cancelled', { cancelRequestedAt: 7_000, endedAt: 12_000 });
  expect(cancelled).toMatchObject({ cancelling_at: 7, cancelled_at: 12 });
});

test('rows are shown once they are final, and not a file without any', () => {
  const rows = { results: 'r', errors: 'e' };
  const ids = (status: Status, counts: typeof COUNTS) => {
    const { output_file_id, error_file_id } = shown(status, { rows, counts });
    return [output_file_id, error_file_id];
  };
  expect(ids('retrying', COUNTS)).toEqual([undefined, undefined]);
  expect(ids('delivering', COUNTS)).toEqual([undefined, undefined]);
  expect(ids('completed', COUNTS)).toEqual(['file-output-b1', 'file-errors-b1']);
  const all = { total: 10, succeeded: 10, failed: 0, unfinished: 0 };
  expect(ids('completed', all)).toEqual(['file-output-b1', undefined]);
  const none = { total: 10, succeeded: 0, failed: 10, unfinished: 0 };
  expect(ids('cancelled', none)).toEqual([undefined, 'file-errors-b1']);
});

test('a batch that was made by message has an input of its own', () => {
  expect(shown('running')).toMatchObject({
    id: 'b1',
    input_file_id: 'file-input-b1',
    metadata: null,
  });
});
