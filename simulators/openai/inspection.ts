import { stat } from 'node:fs/promises';
import { LineWriter, readLines } from '../engine/lines.ts';
import { isObject } from '../engine/server.ts';
import { momentOf } from '../engine/timeline.ts';
import type { Dialect } from './dialect.ts';
import type { BatchError, BatchRecord } from './jobs.ts';

/** Of one batch: developers.openai.com, Batch, "up to 200 MB". */
const MAX_BYTES = 200 * 1024 * 1024;
const MAX_ERRORS = 100;

/**
 * Checks the whole input of a batch.
 *
 * @param sentPath gets the `custom_id`s, one JSON string a line
 */
export async function inspectInput(
  input: { path: string; endpoint: string },
  sentPath: string,
  manner: Dialect,
  signal: AbortSignal,
): Promise<{ requests: number; errors: BatchError[] }> {
  const errors: BatchError[] = [];
  const whole = (code: string, message: string) =>
    errors.push({ code, message, param: null, line: null });
  const { size } = await stat(input.path);
  if (size > MAX_BYTES) {
    whole('file_too_large', `The input file has ${size} bytes, over ${MAX_BYTES}.`);
    return { requests: 0, errors };
  }

  const seen: Seen = { customIds: new Set(), model: undefined };
  const sent = await LineWriter.create(sentPath);
  let requests = 0;
  try {
    for await (const line of readLines(input.path, signal)) {
      requests += 1;
      if (requests > manner.maxRequests) {
        whole('too_many_tasks', `The input file has over ${manner.maxRequests} requests.`);
        break;
      }
      const checked = checkLine(line.bytes, line.number, { ...input, manner, seen });
      errors.push(...checked.errors.slice(0, MAX_ERRORS - errors.length));
      if (checked.customId !== undefined) await sent.write(JSON.stringify(checked.customId));
    }
  } finally {
    await sent.close();
  }
  if (requests === 0)
    whole('empty_file', 'The input file is empty: the batch must contain at least one request.');
  return { requests, errors };
}

/** The model and the endpoint of the first line, if it names them. */
export async function firstRequest(path: string): Promise<{ model?: string; url?: string }> {
  for await (const line of readLines(path)) {
    const request = parseLine(line.bytes);
    const { url, body } = isObject(request) ? request : {};
    const { model } = isObject(body) ? body : {};
    return {
      ...(typeof model === 'string' ? { model } : {}),
      ...(typeof url === 'string' ? { url } : {}),
    };
  }
  return {};
}

/** What the lines before have told. */
interface Seen {
  readonly customIds: Set<string>;
  /** Of the first line that has one. */
  model: string | undefined;
}

/**
 * Checks one line of a batch's input, in the API's codes and words.
 *
 * @returns the errors, and the `custom_id` if it has one
 */
function checkLine(
  bytes: Buffer,
  line: number,
  { endpoint, manner, seen }: { endpoint: string; manner: Dialect; seen: Seen },
): { customId?: string; errors: BatchError[] } {
  const request = parseLine(bytes);
  if (!isObject(request)) {
    const message = 'This line is not parseable as valid JSON.';
    return { errors: [{ code: 'invalid_json_line', message, param: null, line }] };
  }
  const errors: BatchError[] = [];
  const refuse = (code: string, param: string, message: string) =>
    errors.push({ code, message, param, line });

  const { custom_id: customId, method, url, body } = request;
  if (typeof customId !== 'string' || customId === '')
    refuse('missing_required_parameter', 'custom_id', "Missing required parameter: 'custom_id'.");
  else if (seen.customIds.has(customId))
    refuse('duplicate_custom_id', 'custom_id', DUPLICATE(customId));
  else seen.customIds.add(customId);
  if (method !== 'POST')
    refuse('invalid_method', 'method', "Invalid method provided for this request: use 'POST'.");
  if (typeof url !== 'string' || manner.endpointOf(url) !== endpoint)
    refuse(
      manner.codes.url,
      'url',
      'The URL provided for this request does not match the batch endpoint.',
    );

  const model = isObject(body) ? body.model : undefined;
  if (typeof model !== 'string')
    refuse('missing_required_parameter', 'body.model', "Missing required parameter: 'body.model'.");
  else if (seen.model !== undefined && seen.model !== model)
    refuse(manner.codes.model, 'body.model', MISMATCH(model));
  else seen.model = model;
  const wrong = isObject(body) ? manner.checkBody(body) : undefined;
  if (wrong) refuse(wrong.code ?? 'invalid_request', `body.${wrong.param}`, wrong.message);
  return { errors, ...(typeof customId === 'string' ? { customId } : {}) };
}

/** @returns undefined for what is no JSON */
function parseLine(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

const DUPLICATE = (id: string) =>
  `The custom_id '${id}' for this request is a duplicate of another request. The custom_id parameter must be unique for each request in a batch.`;
const MISMATCH = (model: string) =>
  `The model '${model}' for this request does not match the rest of the batch. Each batch must contain requests for a single model.`;

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
