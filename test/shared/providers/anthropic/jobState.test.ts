import { describe, expect, test } from 'vitest';
import { wireBatchSchema } from '../../../../shared/providers/anthropic/api.ts';
import { jobStateOf } from '../../../../shared/providers/anthropic/jobs.ts';
import { wireBatch } from './wireBatch.ts';

const NONE = { processing: 0, succeeded: 0, errored: 0, canceled: 0, expired: 0 };
const stateOf = (fields: object) => jobStateOf(wireBatchSchema.parse(wireBatch(fields)));

describe('jobStateOf', () => {
  test.each(['in_progress', 'canceling'])('%s is running, without progress', (status) => {
    const request_counts = { ...NONE, processing: 9 };
    expect(stateOf({ processing_status: status, request_counts })).toEqual({ state: 'running' });
  });

  test.each(['dreaming', 'Ended', ''])('a status such as "%s" is unknown', (processing_status) => {
    expect(stateOf({ processing_status })).toEqual({ state: 'unknown', status: processing_status });
  });

  const CANCELLED_AT = '2026-11-20T11:00:00Z';
  test.each([
    ['all succeeded', { succeeded: 9 }, null, 'completed'],
    ['some errored', { succeeded: 8, errored: 1 }, null, 'completed'],
    ['all errored', { errored: 9 }, null, 'completed'],
    ['some expired', { succeeded: 8, expired: 1 }, null, 'expired'],
    ['all expired', { expired: 9 }, null, 'expired'],
    ['some canceled', { succeeded: 8, canceled: 1 }, CANCELLED_AT, 'cancelled'],
    ['all canceled', { canceled: 9 }, CANCELLED_AT, 'cancelled'],
    ['a cancel that came too late', { succeeded: 9 }, CANCELLED_AT, 'completed'],
    ['a cancel too late for what expired', { succeeded: 8, expired: 1 }, CANCELLED_AT, 'expired'],
  ])('ended, %s', (_name, counts, cancel_initiated_at, kind) => {
    const answered = 'succeeded' in counts ? { answered: counts.succeeded } : {};
    expect(stateOf({ request_counts: { ...NONE, ...counts }, cancel_initiated_at })).toEqual({
      state: 'ended',
      outcome: { kind, jobId: 'msgbatch_1', files: ['msgbatch_1'], ...answered },
    });
  });

  test('archived results are no files, and the reason says so', () => {
    const request_counts = { ...NONE, succeeded: 9 };
    expect(stateOf({ archived_at: '2026-12-20T10:00:00Z', request_counts })).toMatchObject({
      state: 'ended',
      outcome: { files: [], answered: 9, reason: { code: 'results_archived' } },
    });
  });
});
