import * as z from 'zod';
import type { Outcome } from './job.ts';

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

/** No request has an end yet. */
export function countsOfNew(requests: number): Counts {
  return { total: requests, succeeded: 0, failed: 0, unfinished: requests };
}

/** How one request stands after an attempt. */
export type RowOutcome = 'succeeded' | 'failed' | 'unfinished';

/** A row that says that the account cannot pay, or may not: the request itself was not looked at. */
export const ACCOUNT_ROW_CODE = 'account_refused';

/** Codes of error rows that say nothing against the request itself: it runs again. */
const UNFINISHED_CODES: ReadonlySet<string> = new Set([
  // OpenAI's words in the error file of an expired or cancelled job.
  'batch_expired',
  'batch_cancelled',
  // Ours, for a request that the provider's files do not mention.
  'request_missing',
  'job_failed',
  ACCOUNT_ROW_CODE,
]);

/** HTTP statuses of a row that may pass. 0: OpenAI's row of a request that was never made. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([0, 408, 409, 425, 429]);

/** The part of a result row that decides its standing. */
export interface RowVerdict {
  readonly status_code?: number | undefined;
  readonly error_code?: string | undefined;
}

/**
 * Tells succeeded, failed for good and unfinished apart, from the row alone, so that a row read
 * back from a merged file stands as it stood when it was written.
 */
export function outcomeOfVerdict({
  status_code: status,
  error_code: code,
}: RowVerdict): RowOutcome {
  if (code !== undefined && UNFINISHED_CODES.has(code)) return 'unfinished';
  if (status === undefined) return 'failed';
  if (PASSING_STATUSES.has(status) || status >= 500) return 'unfinished';
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
 * What is said of a request of a job that left no row for it. A job that failed for good takes
 * its requests with it, under its own code; after any other end they are unfinished.
 */
export function missingRow(outcome: Outcome): { code: string; message: string } {
  const message = outcome.reason?.message;
  switch (outcome.kind) {
    case 'expired':
      return {
        code: 'batch_expired',
        message: message ?? 'the job expired before this request ran',
      };
    case 'deadline':
      return { code: 'batch_expired', message: 'the batch reached its maximum age' };
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
