import { createHash } from 'node:crypto';
import type { ResultRow } from '../../jsonl/rows.ts';

/** What went wrong with one request, in OpenAI's words. */
export interface RowError {
  /** HTTP status that OpenAI would have answered with; tells whether it is worth trying again. */
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** A request that was answered. */
export function answerRow(customId: string, requestId: string, body: unknown): Buffer {
  return bytesOf({
    id: `batch_req_${requestId}`,
    custom_id: customId,
    response: { status_code: 200, request_id: requestId, body },
    error: null,
  });
}

/** A request that was refused or failed. */
export function refusalRow(customId: string, requestId: string, error: RowError): Buffer {
  const { status, code, message } = error;
  return bytesOf({
    id: `batch_req_${requestId}`,
    custom_id: customId,
    response: {
      status_code: status,
      request_id: requestId,
      body: { error: { code, message, type: code, param: null } },
    },
    error: null,
  });
}

function bytesOf(row: ResultRow): Buffer {
  return Buffer.from(JSON.stringify(row));
}

/**
 * What stands for a `custom_id` of any length and alphabet where a provider allows few: 32 of
 * 0-9a-f, so that two of a million ids meet by chance with a probability below 10^-26.
 */
export function referenceOf(customId: string): string {
  return createHash('sha256').update(customId).digest('hex').slice(0, 32);
}
