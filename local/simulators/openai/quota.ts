import { momentOf } from '../jobs/timeline.ts';
import type { BatchError, BatchRecord } from './batchRecord.ts';

const BYTES_PER_TOKEN = 4;
/** The limit that a planned refusal names when none is set. */
const USUAL_LIMIT = 2_000_000;

export function estimateTokens(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

/** Whether the job and those of its model that are enqueued together are over the limit. */
export function isOverLimit(
  job: Pick<BatchRecord, 'model' | 'estimatedTokens'>,
  enqueued: readonly BatchRecord[],
  limit: number | undefined,
  now: number,
): boolean {
  if (limit === undefined) return false;
  const tokens = enqueued
    .filter(({ model }) => model === job.model)
    .filter((other) => momentOf(other, now).reachedAt === undefined)
    .reduce((sum, { estimatedTokens }) => sum + estimatedTokens, 0);
  return tokens + job.estimatedTokens > limit;
}

export function quotaError(model: string | undefined, limit = USUAL_LIMIT): BatchError {
  return {
    code: 'token_limit_exceeded',
    message: `Enqueued token limit reached for ${model} in organization org-simulator. Limit: ${limit.toLocaleString('en-US')} enqueued tokens. Please try again once some in_progress batches have been completed.`,
    param: null,
    line: null,
  };
}
