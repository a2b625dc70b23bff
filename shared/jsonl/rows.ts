import type { Usage } from '../batch/job.ts';
import { type Standing, standingOf } from '../batch/ledger.ts';

/** A row of results or errors, in the OpenAI batch output format. */
export interface ResultRow {
  readonly id: string | null;
  readonly custom_id: string;
  readonly response: {
    readonly status_code: number;
    readonly request_id: string;
    readonly body: unknown;
  } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/**
 * Parses a row.
 *
 * @throws Error if it is no JSON object: the sign of a download that was cut
 */
export function parseRow(bytes: Uint8Array): Partial<ResultRow> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message would quote the row.
    throw new Error(`a row of ${bytes.length} bytes is not JSON: the file may be cut short`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new Error(`a row of ${bytes.length} bytes is not a JSON object`);
}

/** How the request of a row stands. */
export function standingOfRow({ response, error }: Partial<ResultRow>): Standing {
  return standingOf({ status_code: response?.status_code, error_code: error?.code });
}

/** The row of a request that the provider has none for. */
export function errorRow(customId: string, error: { code: string; message: string }): Buffer {
  const row: ResultRow = { id: null, custom_id: customId, response: null, error };
  return Buffer.from(JSON.stringify(row));
}

/** Tokens of a row, in the words of chat completions and embeddings or of responses. */
export function usageOfRow({ response }: Partial<ResultRow>): Usage {
  const usage = (response?.body as { usage?: Record<string, unknown> } | null | undefined)?.usage;
  const inputTokens = count(usage?.prompt_tokens ?? usage?.input_tokens);
  const outputTokens = count(usage?.completion_tokens ?? usage?.output_tokens);
  return { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens };
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}
