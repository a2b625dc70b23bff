import { fileIdOfKey, type OwnPlace, ownKeyOf } from '../batch/ids.ts';
import { USUAL_WINDOW } from '../batch/job.ts';
import { countsNow } from '../batch/ledger.ts';
import type { Batch, BatchFields } from '../batch/record.ts';
import { isEnded } from '../batch/status.ts';
import type { PartsSum } from '../client/parts.ts';
import { unixSeconds } from './routes.ts';

/** A batch in OpenAI's words. Source of the fields: `Batch` in OpenAI's API description and its Node SDK. */

type ApiStatus =
  | 'validating'
  | 'in_progress'
  | 'finalizing'
  | 'completed'
  | 'failed'
  | 'expired'
  | 'cancelling'
  | 'cancelled';

/**
 * @param place of the handler's objects
 * @param sum the numbers of its parts, while they run
 */
export function batchObject(batch: Batch, place: OwnPlace, sum?: PartsSum) {
  const { batchId, spec, createdAt, deadlineAt, input }: BatchFields = batch;
  const rows = rowKeys(batch);
  const { metadata, completionWindow = USUAL_WINDOW } = spec;
  return {
    id: batchId,
    object: 'batch',
    endpoint: input?.endpoint ?? spec.endpoint ?? '',
    model: input?.model,
    errors: errorsOf(batch),
    input_file_id: inputFileId(batch, place),
    completion_window: completionWindow,
    status: apiStatus(batch),
    output_file_id: rows.output && `${OUTPUT_PREFIX}${batchId}`,
    error_file_id: rows.errors && `${ERRORS_PREFIX}${batchId}`,
    created_at: unixSeconds(createdAt),
    expires_at: unixSeconds(deadlineAt),
    ...timesOf(batch),
    request_counts: requestCounts(batch, sum),
    usage: usageOf(sum?.usage ?? batch.usage),
    metadata: Object.keys(metadata).length > 0 ? metadata : null,
  };
}
export type BatchObject = ReturnType<typeof batchObject>;

/** What the ids of the files of a batch begin with, before its own id. */
export const OUTPUT_PREFIX = 'file-output-';
export const ERRORS_PREFIX = 'file-errors-';
export const INPUT_PREFIX = 'file-input-';

/** The keys of the rows that a client is shown: those that are final, and not a file without any row. */
export function rowKeys(batch: Batch): { readonly output?: string; readonly errors?: string } {
  const { status, rows, counts }: BatchFields = batch;
  if (!rows || !isEnded(status)) return {};
  return {
    ...(counts.succeeded > 0 && { output: rows.results }),
    ...(counts.succeeded < counts.total && { errors: rows.errors }),
  };
}

function inputFileId({ batchId, spec }: Batch, place: OwnPlace): string {
  const key = ownKeyOf(place, spec.source);
  return (key && fileIdOfKey(key)) ?? `${INPUT_PREFIX}${batchId}`;
}

/**
 * OpenAI calls a batch failed if its input was refused; one whose requests all have rows is completed,
 * whatever they say. So is one whose processor failed: its rows are whole.
 */
export function apiStatus(batch: Batch): ApiStatus {
  const { status, cancelRequested, rows, pastJobs, job }: BatchFields = batch;
  if (status === 'cancelled') return 'cancelled';
  if (isEnded(status)) {
    if (hasExpired(batch)) return 'expired';
    return rows ? 'completed' : 'failed';
  }
  if (cancelRequested) return 'cancelling';
  switch (status) {
    case 'split':
    case 'running':
      return 'in_progress';
    case 'collecting':
    case 'delivering':
      return 'finalizing';
    default:
      return pastJobs.length > 0 || job ? 'in_progress' : 'validating';
  }
}

/** Whether its time had run out before all of its requests were done. */
function hasExpired(batch: Batch): boolean {
  const { endedAt, deadlineAt, counts, input, inputProblems }: BatchFields = batch;
  if (endedAt === undefined || endedAt < deadlineAt || inputProblems) return false;
  return counts.unfinished > 0 || !input;
}

function timesOf(batch: Batch) {
  const { status, statusAt, pastJobs, job, endedAt, cancelRequestedAt }: BatchFields = batch;
  const api = apiStatus(batch);
  const startedAt = pastJobs[0]?.submittedAt ?? job?.submittedAt;
  // The collection begins when the end of the last job is seen.
  const isCollecting = status === 'collecting' || (status === 'delivering' && !pastJobs.length);
  const hasJobEnded = status === 'delivering' || isEnded(status);
  const collectedAt = hasJobEnded ? pastJobs.at(-1)?.endedAt : undefined;
  const endedAs = (end: ApiStatus) => unixSeconds(api === end ? endedAt : undefined);
  return {
    in_progress_at: unixSeconds(startedAt ?? (status === 'split' ? statusAt : undefined)),
    finalizing_at: unixSeconds(isCollecting ? statusAt : collectedAt),
    completed_at: endedAs('completed'),
    failed_at: endedAs('failed'),
    expired_at: endedAs('expired'),
    cancelling_at: unixSeconds(cancelRequestedAt),
    cancelled_at: endedAs('cancelled'),
  };
}

/** A request that will not run any more has failed: its row is in the error file. */
function requestCounts(batch: Batch, sum: PartsSum | undefined) {
  const { status, job }: BatchFields = batch;
  const { total, succeeded, failed } = sum?.counts ?? countsNow(batch);
  if (isEnded(status)) return { total, completed: succeeded, failed: total - succeeded };
  const finished = sum?.finishedInJobs ?? (status === 'running' ? (job?.progress ?? 0) : 0);
  return { total, completed: Math.min(total - failed, succeeded + finished), failed };
}

/** The record does not say which of the output tokens were reasoning, and OpenAI's type requires a number. */
function usageOf({ inputTokens, cachedTokens = 0, outputTokens, totalTokens }: Batch['usage']) {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cachedTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: totalTokens,
  };
}

/** Why a batch failed: of an input that was refused, its first bad lines. */
function errorsOf(batch: Batch) {
  if (apiStatus(batch) !== 'failed') return undefined;
  const data = batch.reasons.map(({ code, message, line = null }) => {
    return { code, message, line, param: null };
  });
  return { object: 'list', data };
}
