import { chanceFrom, hexadecimal, mix, type Verdict, verdictCounts } from '../engine/plan.ts';
import { type Moment, ranRequests } from '../engine/timeline.ts';
import type { FileRecord } from './files.ts';
import type { BatchRecord, Settlement } from './jobs.ts';
import { answer } from './replies.ts';

/** A file as the API shows it. */
export function fileObject(file: FileRecord) {
  return {
    object: 'file',
    id: file.id,
    purpose: file.purpose,
    filename: file.filename,
    bytes: file.bytes,
    created_at: unixSeconds(file.createdAt),
    expires_at: unixSeconds(file.expiresAt),
    status: 'processed',
    status_details: undefined,
  };
}

const WINDOW_MS = 24 * 60 * 60 * 1000;

/** A batch as the API shows it at one moment. Fields that are undefined are not sent. */
export function batchObject(record: BatchRecord, moment: Moment<Settlement>) {
  const { status, settled } = moment;
  const failed = status === 'failed';
  const counts = settled ?? verdictCounts(record.word, ranRequests(record, moment), total(record));
  return {
    id: record.id,
    object: 'batch',
    endpoint: record.endpoint,
    model: record.inspection ? record.model : undefined,
    errors: failed ? { object: 'list', data: record.inspection?.errors } : undefined,
    input_file_id: record.inputFileId,
    completion_window: record.completionWindow,
    status,
    output_file_id: settled?.outputFileId,
    error_file_id: settled?.errorFileId,
    created_at: unixSeconds(record.createdAt),
    in_progress_at: unixSeconds(moment.inProgressAt),
    expires_at: unixSeconds(record.createdAt + WINDOW_MS),
    finalizing_at: unixSeconds(moment.finalizingAt),
    cancelling_at: unixSeconds(moment.cancellingAt),
    ...(moment.reachedAt === undefined ? {} : { [`${status}_at`]: unixSeconds(moment.reachedAt) }),
    request_counts: {
      total: status === 'validating' || failed ? 0 : total(record),
      completed: counts.succeeded,
      failed: counts.failed,
    },
    usage: settled && usageObject(settled.usage),
    metadata: record.metadata,
  };
}

function usageObject(usage: { inputTokens: number; outputTokens: number }) {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}

function total(record: BatchRecord): number {
  return record.inspection?.requests ?? 0;
}

function unixSeconds(milliseconds: number): number;
function unixSeconds(milliseconds: number | undefined): number | undefined;
function unixSeconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.floor(milliseconds / 1000);
}

/** One request of a job that is being settled. */
export interface RunRequest {
  readonly customId: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly endpoint: string;
  readonly verdict: Verdict;
  /** Of its line. */
  readonly hash: number;
  /** Of its job: ids differ from one job to the next, replies do not. */
  readonly salt: number;
  /** Unix seconds. */
  readonly created: number;
  readonly inputTokens: number;
  /** The row's error when it was never run. */
  readonly notRun: { readonly code: string; readonly message: string };
}

const REFUSALS = {
  rate_limited: {
    status: 429,
    message: 'Rate limit reached for requests. Please try again later.',
    type: 'requests',
    param: null,
    code: 'rate_limit_exceeded',
  },
  server_error: {
    status: 500,
    message: 'The server had an error while processing your request.',
    type: 'server_error',
    param: null,
    code: null,
  },
  refused: {
    status: 400,
    message: "Invalid 'messages': the request was refused by plan.",
    type: 'invalid_request_error',
    param: 'messages',
    code: 'invalid_value',
  },
};

/** The row of the output or error file, and what its reply cost. */
export function rowOf(request: RunRequest): { row: Record<string, unknown>; outputTokens: number } {
  const { customId, verdict, endpoint, hash, body, inputTokens, created } = request;
  const chance = chanceFrom(mix(hash, request.salt));
  const id = `batch_req_${hexadecimal(chance, 32)}`;
  const requestId = `req_${hexadecimal(chance, 32)}`;
  const rowWith = (status: number, content: unknown) => ({
    id,
    custom_id: customId,
    response: { status_code: status, request_id: requestId, body: content },
    error: null,
  });
  if (verdict === 'not_run') {
    const row = { id, custom_id: customId, response: null, error: request.notRun };
    return { row, outputTokens: 0 };
  }
  if (verdict !== 'succeeded') {
    const { status, ...error } = REFUSALS[verdict];
    return { row: rowWith(status, { error }), outputTokens: 0 };
  }
  const reply = answer(endpoint, hash, { body, inputTokens, created });
  return { row: rowWith(200, reply.body), outputTokens: reply.outputTokens };
}
