import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../shared/batch/job.ts';
import { missingRow, outcomeOfVerdict } from '../../../shared/batch/ledger.ts';

describe('outcomeOfVerdict', () => {
  it.each([
    [{ status_code: 200 }, 'succeeded'],
    [{ status_code: 201 }, 'succeeded'],
    [{ status_code: 200, error_code: 'weird' }, 'failed'],
    [{ status_code: 400 }, 'failed'],
    [{ status_code: 404, error_code: 'not_found' }, 'failed'],
    [{ error_code: 'invalid_request' }, 'failed'],
    [{}, 'failed'],
    [{ status_code: 302 }, 'failed'],
    [{ status_code: 0 }, 'unfinished'],
    [{ status_code: 408 }, 'unfinished'],
    [{ status_code: 429 }, 'unfinished'],
    [{ status_code: 500 }, 'unfinished'],
    [{ status_code: 503, error_code: 'overloaded' }, 'unfinished'],
    [{ error_code: 'batch_expired' }, 'unfinished'],
    [{ error_code: 'batch_cancelled' }, 'unfinished'],
    [{ error_code: 'request_missing' }, 'unfinished'],
  ])('takes %o for %s', (verdict, standing) => {
    expect(outcomeOfVerdict(verdict)).toBe(standing);
  });
});

describe('missingRow', () => {
  const reason = { code: 'invalid_request', message: 'no such model' };
  it.each<[Outcome, string, string]>([
    [{ kind: 'completed', files: [] }, 'request_missing', 'unfinished'],
    [{ kind: 'expired', files: [] }, 'batch_expired', 'unfinished'],
    [{ kind: 'expired', files: [], reason }, 'batch_expired', 'unfinished'],
    [{ kind: 'deadline', files: [] }, 'batch_expired', 'unfinished'],
    [{ kind: 'cancelled', files: [] }, 'batch_cancelled', 'unfinished'],
    [{ kind: 'cancelled', files: [], reason }, 'batch_cancelled', 'unfinished'],
    [{ kind: 'failed', files: [] }, 'job_failed', 'unfinished'],
    [{ kind: 'failed', files: [], reason }, 'job_failed', 'unfinished'],
    [{ kind: 'failed', files: [], refusal: 'permanent' }, 'job_refused', 'failed'],
    [{ kind: 'failed', files: [], refusal: 'permanent', reason }, 'invalid_request', 'failed'],
  ])('of %o is %s: %s', (outcome, code, standing) => {
    const row = missingRow(outcome);
    expect(row.code).toBe(code);
    expect(row.message).not.toBe('');
    expect(outcomeOfVerdict({ error_code: row.code })).toBe(standing);
  });
});
