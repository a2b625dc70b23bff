import { createHash } from 'node:crypto';
import type { Usage } from '../batch/job.ts';
import {
  ACCOUNT_ROW_CODE,
  BILLED_ROW_ID,
  outcomeOfVerdict,
  type RowOutcome,
  UNREADABLE_ROW,
} from '../batch/ledger.ts';

/** A row of results or errors, in the OpenAI batch output format. */
export interface ResultRow {
  /** Null in rows of earlier versions, and for the lines of an input that was refused. */
  readonly id: string | null;
  readonly custom_id: string;
  readonly response: {
    readonly status_code: number;
    readonly request_id: string;
    readonly body: unknown;
  } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** The fields of a row that decide its outcome. Those of a provider's row may be of another type. */
export interface DecidingFields {
  readonly id?: unknown;
  readonly custom_id?: unknown;
  readonly response?: { readonly status_code?: unknown; readonly body?: unknown } | null;
  readonly error?: unknown;
}

/**
 * Parses a row that this project has written and stored. Rows of a provider's files may be anything:
 * see `readOutputLine`.
 *
 * @throws Error if it is no JSON object: the stored file is cut short
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
  if (isObject(value)) return value;
  throw new Error(`a row of ${bytes.length} bytes is not a JSON object`);
}

/** The outcome of a row's request. Any field of a provider's row may be of another type. */
export function classifyRow({ response, error }: DecidingFields): RowOutcome {
  const status = statusIn(response?.status_code);
  const failure = isSuccess(status) ? failureIn(response?.body) : undefined;
  return outcomeOfVerdict({ status_code: failure ?? status, error_code: errorCodeIn(error) });
}

function statusIn(status: unknown): number | undefined {
  if (typeof status === 'string' && /^\d{3}$/.test(status)) return Number(status);
  return typeof status === 'number' ? status : undefined;
}

/** Some services write an error without any content beside an answer. */
function errorCodeIn(error: unknown): string | undefined {
  if (!isObject(error)) return typeof error === 'string' && error !== '' ? 'error' : undefined;
  if (typeof error.code === 'string' && error.code !== '') return error.code;
  return Object.values(error).some((value) => value != null && value !== '') ? 'error' : undefined;
}

/** Objects that OpenAI answers with while they may still fail: `Response` and `Video` in its SDK. */
export const OBJECTS_WITH_STATUS: ReadonlySet<unknown> = new Set(['response', 'video']);

function isSuccess(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status < 300;
}

/** The status of a row that says it was answered, and has no answer. */
const NO_ANSWER = 502;

/**
 * The status of an error that stands in an answer with status 200: there may be no answer or an error in
 * its place, as gateways have it, and a Response may have failed. The type of its `error.code` is `ResponseError` in OpenAI's SDK. One that is `incomplete` is an answer
 * that was cut off, as a chat completion may be by its `finish_reason`.
 */
function failureIn(body: unknown): number | undefined {
  if (!isObject(body)) return NO_ANSWER;
  if (!OBJECTS_WITH_STATUS.has(body.object)) {
    if (!isObject(body.error)) return undefined;
    const code = Number(body.error.code);
    return code >= 400 && code < 600 ? code : NO_ANSWER;
  }
  if (body.status === 'cancelled') return 408;
  if (body.status !== 'failed') return undefined;
  const code = isObject(body.error) ? body.error.code : undefined;
  return code === 'server_error' ? 500 : code === 'rate_limit_exceeded' ? 429 : 400;
}

/**
 * Codes of errors in place of an answer that came and cannot be used: `UNREADABLE_ANSWER` because of
 * its form, `UNUSABLE_ANSWER` because the model did badly.
 */
export const UNREADABLE_ANSWER = 'unreadable_answer';
export const UNUSABLE_ANSWER = 'unusable_answer';
const UNUSED_ANSWERS: ReadonlySet<unknown> = new Set([UNREADABLE_ANSWER, UNUSABLE_ANSWER]);

/** Whether the row shows that its request was answered, however the answer is used. */
export function isAnswered({ response, error }: DecidingFields): boolean {
  if (errorCodeIn(error) === UNREADABLE_ROW) return true;
  if (isSuccess(statusIn(response?.status_code))) return true;
  const body = response?.body;
  return isObject(body) && isObject(body.error) && UNUSED_ANSWERS.has(body.error.code);
}

/** The row of a request for which the provider has no row. It has an id, as all rows of OpenAI have one. */
export function errorRow(customId: string, error: { code: string; message: string }): Buffer {
  const id = `batch_req_${referenceOf(customId)}`;
  return bytesOf({ id, custom_id: customId, response: null, error });
}

/** The row of a request that was answered. */
export function answerRow(customId: string, requestId: string, body: unknown): Buffer {
  return bytesOf({
    id: `batch_req_${requestId}`,
    custom_id: customId,
    response: { status_code: 200, request_id: requestId, body },
    error: null,
  });
}

/** A row that only says what an answer that nobody asked for is billed. */
export function billedRow(reference: string, body: unknown): Buffer {
  const response = { status_code: 200, request_id: reference, body };
  return bytesOf({ id: BILLED_ROW_ID, custom_id: reference, response, error: null });
}

/** The error of one request, in OpenAI's terms. */
export interface RowError {
  /** The HTTP status that OpenAI would have answered with. It decides whether to try again. */
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/**
 * The row of a request that was refused or failed. If the account was refused, the row is that of a
 * request that did not run: a status alone would make it fail for good.
 */
export function refusalRow(customId: string, requestId: string, error: RowError): Buffer {
  const { status, code, message } = error;
  if (code === ACCOUNT_ROW_CODE) return errorRow(customId, { code, message });
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
 * The id of a request in the rows of a provider that allows only short ids or a small alphabet: 32
 * of 0-9a-f. Two of a million ids have the same with a probability below 10^-26.
 */
export function referenceOf(customId: string): string {
  return createHash('sha256').update(customId).digest('hex').slice(0, 32);
}

/**
 * The tokens of a row, as chat completions, embeddings, responses or Anthropic report them.
 * Undefined if it reports none, or numbers that cannot be counted: as 0, they would cost nothing.
 */
export function usageOfRow({ response }: DecidingFields): Usage | undefined {
  const usage = (response?.body as { usage?: WireUsage | null } | null | undefined)?.usage;
  const input = usage?.prompt_tokens ?? usage?.input_tokens;
  // Embeddings have no output.
  const output = usage?.completion_tokens ?? usage?.output_tokens ?? 0;
  if (!usage || !isCount(input) || !isCount(output)) return undefined;
  const details = usage.prompt_tokens_details ?? usage.input_tokens_details;
  // Anthropic's input tokens leave out what it reads from its cache and writes there.
  const readFromCache = countOf(usage.cache_read_input_tokens);
  const cachedTokens = countOf(details?.cached_tokens) + readFromCache;
  const written = countOf(usage.cache_creation_input_tokens);
  const inputTokens = input + readFromCache + written;
  const outputTokens = output + reasoningBeside(usage, input + output);
  const lifetimes = details?.cache_write_tokens_details;
  const longWritten =
    countOf(usage.cache_creation?.ephemeral_1h_input_tokens) +
    countOf(lifetimes?.ttl_1h_tokens) +
    countOf(lifetimes?.ttl_12h_tokens);
  const cacheWriteTokens = written + countOf(details?.cache_write_tokens);
  const found: Usage = { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens };
  if (cachedTokens > 0) found.cachedTokens = cachedTokens;
  if (cacheWriteTokens > 0) found.cacheWriteTokens = cacheWriteTokens;
  if (longWritten > 0) found.longCacheWriteTokens = longWritten;
  return found;
}

/**
 * The tokens of the reasoning where they are not among those of the answer: xAI's total has them, and
 * no other number that is billed. https://github.com/vercel/ai/pull/12425
 *
 * @param counted the input and the answer
 */
function reasoningBeside(usage: WireUsage, counted: number): number {
  const reasoning = countOf(usage.completion_tokens_details?.reasoning_tokens);
  return usage.total_tokens === counted + reasoning ? reasoning : 0;
}

/**
 * OpenAI's `BetaResponseUsage.InputTokensDetails` in its SDK, which `chatCompletion` follows for
 * Claude's lifetimes.
 */
interface WireInputDetails {
  readonly cached_tokens?: unknown;
  readonly cache_write_tokens?: unknown;
  readonly cache_write_tokens_details?: {
    readonly ttl_12h_tokens?: unknown;
    readonly ttl_1h_tokens?: unknown;
  } | null;
}

/** The fields that are read. They come from a provider, so any may be of another type. */
interface WireUsage extends Readonly<Record<string, unknown>> {
  readonly prompt_tokens_details?: WireInputDetails | null;
  readonly input_tokens_details?: WireInputDetails | null;
  readonly completion_tokens_details?: { readonly reasoning_tokens?: unknown } | null;
  /** Anthropic's: `CacheCreation` in its SDK. */
  readonly cache_creation?: { readonly ephemeral_1h_input_tokens?: unknown } | null;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function countOf(value: unknown): number {
  return isCount(value) ? value : 0;
}

/** Whether a parsed JSON value is an object, and neither null nor an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The JSON value of a text; undefined if it is no JSON. */
export function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
