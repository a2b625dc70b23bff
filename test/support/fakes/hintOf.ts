import { expectedOfJob } from '../../../shared/batch/cost.ts';
import type { Batch } from '../../../shared/batch/record.ts';

/** What an index of the table tells of a batch without its record. */
export function hintOf(batch: Batch) {
  const { batchId, model, input, createdAt, statusAt, deadlineAt, job, providers } = batch;
  return {
    batchId,
    model,
    requests: input?.requests ?? 0,
    estimatedTokens: input?.estimatedTokens ?? 0,
    createdAt,
    queuedAt: statusAt,
    providers,
    deadlineAt,
    isPending: job?.acceptedAt === undefined,
    isOver: batch.status === 'collecting',
    jobId: job?.id,
    expected: expectedOfJob(batch),
  };
}
