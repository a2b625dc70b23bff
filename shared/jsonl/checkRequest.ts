import { isUtf8 } from 'node:buffer';
import { type Line, leadingCustomIdIn } from './lines.ts';

/** What is needed of a request that is well-formed. */
export interface Request {
  readonly customId: string;
  readonly url: string;
  readonly model: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Texts to embed; 0 at endpoints that embed nothing. */
  readonly embeddingInputs: number;
  /** The most tokens that its answers may have together; 0 if it does not say. */
  readonly maxOutputTokens: number;
}

/** What is wrong with a line, in words that never repeat what the request says. */
export interface BadRequest {
  readonly code: string;
  readonly message: string;
  readonly customId?: string;
}

/** Of a `custom_id`, in characters. */
const MAX_CUSTOM_ID_LENGTH = 512;

/**
 * What bytes that are not UTF-8 become. Only text that has it is looked at again: a search in text
 * costs much less than a look at all bytes.
 */
const REPLACEMENT = '\ufffd';

/** Checks one line by itself. The first thing that is wrong is told. */
export function checkRequest({ bytes }: Line): Request | BadRequest {
  const text = bytes.toString();
  if (text.includes(REPLACEMENT) && !isUtf8(bytes)) {
    return { code: 'invalid_utf8', message: 'is not UTF-8: save the file as UTF-8' };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return {
      code: 'invalid_json_line',
      message: 'is not JSON: write one JSON object on each line',
    };
  }
  if (!isObject(value)) {
    return { code: 'invalid_json_line', message: `is JSON ${kindOf(value)}: write an object` };
  }
  const { custom_id: customId, method, url, body } = value;
  if (customId === undefined) {
    return {
      code: 'missing_custom_id',
      message: 'custom_id is missing: give each request a unique one',
    };
  }
  if (typeof customId !== 'string') {
    return { code: 'invalid_custom_id', message: `custom_id is ${kindOf(customId)}: use a string` };
  }
  if (customId === '' || customId.length > MAX_CUSTOM_ID_LENGTH) {
    const message = `custom_id has ${customId.length} characters: use 1 to ${MAX_CUSTOM_ID_LENGTH}`;
    return { code: 'invalid_custom_id', message };
  }
  if ((leadingCustomIdIn(text) ?? customId) !== customId) {
    const message = 'custom_id is given twice: which of the two counts, providers disagree on';
    return { code: 'invalid_custom_id', message };
  }
  const bad = (code: string, message: string): BadRequest => ({ code, message, customId });
  if (method !== 'POST') return bad('invalid_method', 'method is not "POST"');
  if (typeof url !== 'string') return bad('invalid_url', `url is ${kindOf(url)}: use a string`);
  if (!isObject(body)) return bad('invalid_body', `body is ${kindOf(body)}: use an object`);
  const { model, stream } = body;
  if (typeof model !== 'string' || model === '') {
    return bad('missing_model', 'body.model is missing: name the model');
  }
  if (stream === true)
    return bad('stream', 'body.stream is true: batches do not stream, remove it');
  const embeddingInputs = url === '/v1/embeddings' ? countInputs(body.input) : 0;
  const maxOutputTokens = embeddingInputs > 0 ? 0 : longestAnswers(body);
  return { customId, url, model, body, embeddingInputs, maxOutputTokens };
}

/** Of chat completions and responses, under any of the names that they have had. */
function longestAnswers(body: Readonly<Record<string, unknown>>): number {
  const {
    max_completion_tokens: newest,
    max_tokens: oldest,
    max_output_tokens: inResponses,
  } = body;
  return positive(newest ?? oldest ?? inResponses, 0) * positive(body.n, 1);
}

function positive(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : otherwise;
}

/** A text, a list of texts, one text as tokens, or a list of those. */
function countInputs(input: unknown): number {
  return Array.isArray(input) && typeof input[0] !== 'number' ? input.length : 1;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
