import { expectedOfJob } from '../../../shared/batch/cost.ts';
import type { BatchFields } from '../../../shared/batch/record.ts';

/** What an index of the table tells of a batch without its record. */
export function hintOf(batch: BatchFields) {
  const { batchId, input, createdAt, statusAt, deadlineAt, job, spec } = batch;
  return {
    batchId,
    model: input?.model,
    requests: input?.requests ?? 0,
    estimatedTokens: input?.estimatedTokens ?? 0,
    createdAt,
    queuedAt: statusAt,
    providers: spec.providers.length > 1 ? spec.providers : undefined,
    deadlineAt,
    isPending: job?.acceptedAt === undefined,
    isOver: batch.status === 'collecting',
    jobId: job?.id,
    expected: expectedOfJob(batch),
  };
}
