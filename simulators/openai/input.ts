import { stat } from 'node:fs/promises';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { LineWriter, readLines } from '../engine/lines.ts';
import { isObject, parseJson } from '../engine/router.ts';
import type { JobError } from '../engine/timeline.ts';
import type { Dialect } from './dialect.ts';

/** An error in the input of a batch. */
export interface BatchError extends JobError {
  readonly param: string | null;
  readonly line: number | null;
}

/** The limit for the file of a batch: developers.openai.com, Batch, "up to 200 MB". */
const MAX_BYTES = 200 * 1024 * 1024;
const MAX_ERRORS = 100;

/**
 * Checks the whole input of a batch.
 *
 * @param sentPath the file for the `custom_id`s, one JSON string a line
 */
export async function inspectInput(
  { inputPath, sentPath }: { readonly inputPath: string; readonly sentPath: string },
  job: { readonly endpoint: string },
  dialect: Dialect,
  signal: AbortSignal,
): Promise<{ requests: number; errors: BatchError[] }> {
  const errors: BatchError[] = [];
  const refuse = (code: string, message: string) =>
    errors.push({ code, message, param: null, line: null });
  const { size } = await stat(inputPath);
  if (size > MAX_BYTES) {
    refuse('file_too_large', `The input file has ${size} bytes, over ${MAX_BYTES}.`);
    return { requests: 0, errors };
  }

  const seen: Seen = { customIds: new Set(), model: undefined };
  const sent = await LineWriter.create(sentPath);
  let requests = 0;
  try {
    for await (const line of readLines(inputPath, signal)) {
      requests += 1;
      if (requests > dialect.maxRequests) {
        refuse('too_many_tasks', `The input file has over ${dialect.maxRequests} requests.`);
        break;
      }
      const checked = checkLine(line.bytes, line.number, { ...job, dialect, seen });
      errors.push(...checked.errors.slice(0, MAX_ERRORS - errors.length));
      if (checked.customId !== undefined) await sent.write(JSON.stringify(checked.customId));
    }
  } finally {
    await sent.close();
  }
  if (requests === 0)
    refuse('empty_file', 'The input file is empty: the batch must contain at least one request.');
  return { requests, errors };
}

/** The model and the endpoint of the first line, as far as it names them. */
export async function firstRequest(path: string): Promise<{ model?: string; url?: string }> {
  for await (const line of readLines(path)) {
    const request = parseJson(line.bytes.toString());
    const { url, body } = isObject(request) ? request : {};
    const { model } = isObject(body) ? body : {};
    return omitUndefined({ model: textOrUndefined(model), url: textOrUndefined(url) });
  }
  return {};
}

function textOrUndefined(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** What the lines before had. */
interface Seen {
  readonly customIds: Set<string>;
  model: string | undefined;
}

/**
 * Checks one line of the input.
 *
 * @returns the errors in the API's words, and the `custom_id` if the line has one
 */
function checkLine(
  bytes: Buffer,
  line: number,
  { endpoint, dialect, seen }: { endpoint: string; dialect: Dialect; seen: Seen },
): { customId?: string; errors: BatchError[] } {
  const request = parseJson(bytes.toString());
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
  if (typeof url !== 'string' || dialect.endpointOf(url) !== endpoint)
    refuse(
      dialect.codes.url,
      'url',
      'The URL provided for this request does not match the batch endpoint.',
    );

  const model = isObject(body) ? body.model : undefined;
  if (typeof model !== 'string')
    refuse('missing_required_parameter', 'body.model', "Missing required parameter: 'body.model'.");
  else if (seen.model !== undefined && seen.model !== model)
    refuse(dialect.codes.model, 'body.model', MISMATCH(model));
  else seen.model = model;
  const wrong = isObject(body) ? dialect.checkBody(body) : undefined;
  if (wrong) refuse(wrong.code ?? 'invalid_request', `body.${wrong.param}`, wrong.message);
  return { errors, ...omitUndefined({ customId: textOrUndefined(customId) }) };
}

const DUPLICATE = (id: string) =>
  `The custom_id '${id}' for this request is a duplicate of another request. The custom_id parameter must be unique for each request in a batch.`;
const MISMATCH = (model: string) =>
  `The model '${model}' for this request does not match the rest of the batch. Each batch must contain requests for a single model.`;
