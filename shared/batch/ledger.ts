import * as z from 'zod';
import type { Outcome } from './job.ts';
import type { Status } from './status.ts';

const count = z.number().int().nonnegative();

/** The ledger in numbers: `succeeded + failed + unfinished = total`, always. */
export const countsSchema = z.object({
  total: count,
  succeeded: count,
  failed: count,
  unfinished: count,
});
export type Counts = z.infer<typeof countsSchema>;

/** Which requests a job holds: those without an end, or all that did not succeed. */
export const selectionSchema = z.enum(['unfinished', 'unsucceeded']);
export type Selection = z.infer<typeof selectionSchema>;

/** The counts of an input of which no request has run. */
export function countsOfNew(requests: number): Counts {
  return { total: requests, succeeded: 0, failed: 0, unfinished: requests };
}

/**
 * The counts as they are true now. The record of a batch that a user has had run again counts its
 * failed requests until their new rows are collected; but what runs again has not failed.
 */
export function countsNow({
  counts,
  selection,
  status,
}: {
  readonly counts: Counts;
  readonly selection: Selection;
  readonly status: Status;
}): Counts {
  if (selection !== 'unsucceeded' || !BEFORE_ROWS.has(status)) return counts;
  const { total, succeeded } = counts;
  return { total, succeeded, failed: 0, unfinished: total - succeeded };
}

/** Statuses in which the requests of a job, or of the next one, have no rows yet. */
const BEFORE_ROWS: ReadonlySet<Status> = new Set<Status>([
  'queued',
  'submitting',
  'running',
  'collecting',
  'retrying',
]);

/** The state of one request after an attempt. */
export type RowOutcome = 'succeeded' | 'failed' | 'unfinished';

/** Code of a row that says that the account cannot pay or has no permission: the request did not run. */
export const ACCOUNT_ROW_CODE = 'account_refused';

/**
 * Codes of rows of requests that may have been answered and paid for: the answer is there and cannot
 * be read, or the provider no longer has it. They have failed, so that only a user's `retry` runs
 * them again.
 */
export const UNREADABLE_ROW = 'unreadable_row';
export const OUTPUT_MISSING = 'output_missing';

/** Code of a row whose request may have run in a job that was never found. It does not run again by itself. */
export const UNCONFIRMED_JOB_CODE = 'job_unconfirmed';

/** Codes of error rows that do not mean that the request itself is bad: it runs again. */
const UNFINISHED_CODES: ReadonlySet<string> = new Set([
  // OpenAI's codes in the error file of an expired or cancelled job.
  'batch_expired',
  'batch_cancelled',
  // The handler's codes for a request without a row in the provider's files.
  'request_missing',
  'job_failed',
  ACCOUNT_ROW_CODE,
]);

/** HTTP statuses of a temporary failure. 0: OpenAI's row for a request that was never made. */
const TEMPORARY_STATUSES: ReadonlySet<number> = new Set([0, 408, 409, 425, 429]);

/** The part of a result row that decides its outcome. */
export interface RowVerdict {
  readonly status_code?: number | undefined;
  readonly error_code?: string | undefined;
}

/** The `id` of a row for no request of the batch, whose tokens are billed with the job's. */
export const BILLED_ROW_ID = 'batch_handler_billed';

/**
 * The outcome of a row: succeeded, failed for good or unfinished. It depends on the row alone, so
 * that a row in a merged file has the outcome that it had when it was written.
 */
export function outcomeOfVerdict({
  status_code: status,
  error_code: code,
}: RowVerdict): RowOutcome {
  if (code !== undefined && UNFINISHED_CODES.has(code)) return 'unfinished';
  if (status === undefined) return 'failed';
  if (TEMPORARY_STATUSES.has(status) || status >= 500) return 'unfinished';
  return status >= 200 && status < 300 && code === undefined ? 'succeeded' : 'failed';
}

/** How many requests the next job holds. */
export function requestsToSend({
  counts,
  selection,
}: {
  readonly counts: Counts;
  readonly selection: Selection;
}): number {
  return selection === 'unfinished' ? counts.unfinished : counts.total - counts.succeeded;
}

/**
 * The error of a request for which a job left no row. If the job failed for good, so has the request,
 * with the job's code. After any other outcome the request is unfinished.
 */
export function missingRow(outcome: Outcome): { code: string; message: string } {
  const message = outcome.reason?.message;
  if (message !== undefined && outcome.reason?.code === UNCONFIRMED_JOB_CODE)
    return { code: UNCONFIRMED_JOB_CODE, message };
  switch (outcome.kind) {
    case 'expired':
      return {
        code: 'batch_expired',
        message: message ?? 'the job expired before this request ran',
      };
    case 'deadline':
      return {
        code: 'batch_expired',
        message: message ?? 'the batch reached its maximum age',
      };
    case 'cancelled':
      return { code: 'batch_cancelled', message: message ?? 'cancelled before this request ran' };
    case 'failed':
      return outcome.refusal === 'permanent'
        ? { code: outcome.reason?.code ?? 'job_refused', message: message ?? 'the job was refused' }
        : { code: 'job_failed', message: message ?? 'the job failed before this request ran' };
    case 'completed':
      return { code: 'request_missing', message: "the job's files have no row for this request" };
  }
}
