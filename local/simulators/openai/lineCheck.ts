import { isObject } from '../readJson.ts';
import type { BatchError } from './batchRecord.ts';
import type { Manner } from './manner.ts';

/** What the lines before have told. */
export interface Seen {
  readonly customIds: Set<string>;
  /** Of the first line that has one. */
  model: string | undefined;
}

/**
 * Checks one line of a batch's input, in the API's codes and words.
 *
 * @returns the errors, and the `custom_id` if it has one
 */
export function checkLine(
  bytes: Buffer,
  line: number,
  { endpoint, manner, seen }: { endpoint: string; manner: Manner; seen: Seen },
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
export function parseLine(bytes: Buffer): unknown {
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
