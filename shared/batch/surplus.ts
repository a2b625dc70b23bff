import type { Batch } from './batch.ts';
import { isEnded } from './status.ts';

/**
 * Whether a job that exists under one of the batch's keys is one too many. Only if the record
 * says so: it names another job for the same key, the key has been given up with a job known
 * dead, or the batch has ended without it.
 */
export function isSurplus(batch: Batch, submission: number, jobId: string): boolean {
  if (batch.job?.id === jobId || batch.outcome?.jobId === jobId) return false;
  if (submission < batch.submission) return true;
  return batch.job?.submission === submission || isEnded(batch.status);
}
