import { type Moment, ranRequests } from '../jobs/timeline.ts';
import { verdictCounts } from '../verdicts.ts';
import type { BatchRecord, Settlement } from './batchRecord.ts';
import type { FileRecord } from './files.ts';

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
