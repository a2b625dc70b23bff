import { addMessageSchema } from '../../shared/batch/messages.ts';
import { newBatch } from '../../shared/batch/newRecord.ts';
import { type BatchIn, batchSchema, type Core } from '../../shared/batch/record.ts';
import type { Status } from '../../shared/batch/status.ts';
import { DEFAULT_POLICY } from '../../shared/settings.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/**
 * A record with a job at the provider, due now.
 *
 * @param submittedAt when the job was created, in milliseconds since 1970. Default: a minute ago
 */
export function runningBatch(
  index: number,
  submittedAt: number = Date.now() - MINUTE_MS,
): BatchIn<'running'> {
  const now = Date.now();
  const job = { id: `batch_${index}`, submission: 1, submittedAt, acceptedAt: submittedAt };
  return aBatch(`running-${index}`, 1_000, 'running', { job, attempt: 1, dueAt: now - 1 });
}

/** A record in the queue of its provider, behind all those with a lower index. */
export function queuedBatch(index: number): BatchIn<'queued'> {
  const createdAt = Date.now() - DAY_MS + index;
  return aBatch(`queued-${index}`, 1_000, 'queued', { createdAt, statusAt: createdAt });
}

/** A record whose job has ended and whose rows are to be collected. */
export function collectingBatch(requests: number): BatchIn<'collecting'> {
  const job = { id: 'batch_0', submission: 1, submittedAt: Date.now() - MINUTE_MS };
  const outcome = { kind: 'completed' as const, jobId: job.id, files: ['file-output'] };
  return aBatch('collecting', requests, 'collecting', { job, attempt: 1, outcome });
}

/** A record whose input is to be uploaded. */
export function submittingBatch(requests: number): BatchIn<'submitting'> {
  return aBatch('submitting', requests, 'submitting', {});
}

/** A record whose input has not been inspected yet. */
export function inspectingBatch(): BatchIn<'inspecting'> {
  return aBatch('inspecting', 1, 'inspecting', {});
}

function aBatch<S extends Status>(
  batchId: string,
  requests: number,
  status: S,
  changes: Partial<Core> & Partial<Omit<BatchIn<S>, 'status'>>,
): BatchIn<S> {
  const now = Date.now();
  const source = { bucket: 'bucket', key: 'uploads/input.jsonl', etag: '"etag"' };
  const keyPrefix = 'bh0123456789abcdef';
  const prepared = { batchId, providers: ['openai'] as const, source, keyPrefix };
  const model = { endpoint: '/v1/chat/completions', model: 'gpt-5-mini' };
  return batchSchema.parse({
    ...newBatch(addMessageSchema.parse({}), prepared, DEFAULT_POLICY, now - MINUTE_MS),
    input: { key: 'input.jsonl', bytes: requests, requests, estimatedTokens: requests, ...model },
    counts: { total: requests, succeeded: 0, failed: 0, unfinished: requests },
    status,
    ...changes,
  }) as BatchIn<S>;
}
