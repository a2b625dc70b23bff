import type { Usage } from '../batch/job.ts';
import { outcomeOfVerdict, type RowOutcome } from '../batch/ledger.ts';

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
export function classifyRow({ response, error }: Partial<ResultRow>): RowOutcome {
  return outcomeOfVerdict({ status_code: response?.status_code, error_code: error?.code });
}

/** The row of a request that the provider has none for. */
export function errorRow(customId: string, error: { code: string; message: string }): Buffer {
  const row: ResultRow = { id: null, custom_id: customId, response: null, error };
  return Buffer.from(JSON.stringify(row));
}

/**
 * Tokens of a row, in the words of chat completions and embeddings, of responses or of Anthropic.
 * Undefined if it does not tell any.
 */
export function usageOfRow({ response }: Partial<ResultRow>): Usage | undefined {
  const usage = (response?.body as { usage?: WireUsage | null } | null | undefined)?.usage;
  const input = usage?.prompt_tokens ?? usage?.input_tokens;
  if (!usage || input === undefined) return undefined;
  const details = usage.prompt_tokens_details ?? usage.input_tokens_details;
  // Anthropic counts what it reads from its cache, and what it writes there, beside the input.
  const readFromCache = count(usage.cache_read_input_tokens);
  const cachedTokens = count(details?.cached_tokens) + readFromCache;
  const inputTokens = count(input) + readFromCache + count(usage.cache_creation_input_tokens);
  const outputTokens = count(usage.completion_tokens ?? usage.output_tokens);
  const cached = cachedTokens > 0 ? { cachedTokens } : {};
  return { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens, ...cached };
}

/** As far as it is looked at; nothing of it is taken on trust. */
interface WireUsage extends Readonly<Record<string, unknown>> {
  readonly prompt_tokens_details?: { readonly cached_tokens?: unknown } | null;
  readonly input_tokens_details?: { readonly cached_tokens?: unknown } | null;
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}
