import { isUtf8 } from 'node:buffer';
import {
  isPlainText,
  MAX_ANSWERS,
  MAX_MODEL_LENGTH,
  MAX_OUTPUT_TOKENS,
  textProblem,
  valueProblem,
} from '../batch/bounds.ts';
import { ProviderError } from '../batch/errors.ts';
import { type Line, leadingCustomIdIn } from './lines.ts';
import { isObject } from './rows.ts';

/** A well-formed request. */
export interface CheckedRequest {
  readonly customId: string;
  /** With its version, such as /v1/chat/completions. */
  readonly url: string;
  readonly model: string;
  /** Whether its line lacks the version or the model, which `completedLine` adds. */
  readonly isAbbreviated: boolean;
  /** With its model. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The number of texts to embed; 0 at endpoints without embeddings. */
  readonly embeddingInputs: number;
  /** Token limit of its answers together; 0 if the request sets none. */
  readonly maxOutputTokens: number;
}

/** What is wrong with a line. The message never quotes the request's content. */
export interface BadRequest {
  readonly code: string;
  readonly message: string;
  readonly customId?: string;
}

/** Characters. */
export const MAX_CUSTOM_ID_LENGTH = 512;

/**
 * The character that decoding puts in the place of bytes that are not UTF-8. Only text that
 * contains it is validated: searching a text costs much less than validating all bytes.
 */
const REPLACEMENT = '\ufffd';

/**
 * An endpoint as OpenAI writes it. Azure's documented files leave out the version:
 * https://learn.microsoft.com/azure/foundry/openai/how-to/batch, "Preparing your batch file"
 */
export function withVersion(url: string): string {
  return /^\/v\d+\//.test(url) ? url : url.replace(/^\//, '/v1/');
}

/**
 * Checks one line by itself, and reports the first problem.
 *
 * @param defaultModel of a request that names none. Default: such a request is refused
 */
export function checkRequest(
  { bytes }: Pick<Line, 'bytes'>,
  defaultModel?: string,
): CheckedRequest | BadRequest {
  const text = bytes.toString();
  if (text.includes(REPLACEMENT) && !isUtf8(bytes)) {
    return { code: 'invalid_utf8', message: 'is not UTF-8: save the file as UTF-8' };
  }
  const tooMany = textProblem(text);
  if (tooMany) return { ...tooMany };
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
    return { code: 'invalid_json_line', message: `is JSON ${jsonTypeOf(value)}: write an object` };
  }
  const { custom_id: customId, method, url, body } = value;
  if (customId === undefined) {
    return {
      code: 'missing_custom_id',
      message: 'custom_id is missing: give each request a unique one',
    };
  }
  if (typeof customId !== 'string') {
    return {
      code: 'invalid_custom_id',
      message: `custom_id is ${jsonTypeOf(customId)}: use a string`,
    };
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
  const problem = valueProblem(value);
  if (problem) return bad(problem.code, problem.message);
  if (method !== 'POST') return bad('invalid_method', 'method is not "POST"');
  if (typeof url !== 'string') return bad('invalid_url', `url is ${jsonTypeOf(url)}: use a string`);
  if (!isObject(body)) return bad('invalid_body', `body is ${jsonTypeOf(body)}: use an object`);
  const { model = defaultModel, stream } = body;
  if (typeof model !== 'string' || model === '') {
    const fix = `name the model, or one for all requests as models["*"] of the provider entry`;
    return bad('missing_model', `body.model is missing: ${fix}`);
  }
  if (model.length > MAX_MODEL_LENGTH || !isPlainText(model)) {
    const message = `body.model has ${model.length} characters: use at most ${MAX_MODEL_LENGTH}, in UTF-8 and without control characters`;
    return bad('invalid_model', message);
  }
  if (stream === true)
    return bad('stream', 'body.stream is true: batches do not stream, remove it');
  const endpoint = withVersion(url);
  const isAbbreviated = endpoint !== url || body.model === undefined;
  const embeddingInputs = isEmbedding(endpoint) ? countInputs(body.input) : 0;
  const { limit, answers } = answersOf(body);
  if (limit > MAX_OUTPUT_TOKENS) {
    const message = `the limit of its answer is ${limit} tokens: use at most ${MAX_OUTPUT_TOKENS}`;
    return bad('invalid_max_tokens', message);
  }
  if (answers > MAX_ANSWERS)
    return bad('invalid_n', `body.n is ${answers}: use at most ${MAX_ANSWERS}`);
  const maxOutputTokens = embeddingInputs > 0 ? 0 : limit * answers;
  return {
    ...{ customId, url: endpoint, model, isAbbreviated },
    body: body.model === undefined ? { ...body, model } : body,
    ...{ embeddingInputs, maxOutputTokens },
  };
}

/** @param endpoint with its version */
export function isEmbedding(endpoint: string): boolean {
  return endpoint === '/v1/embeddings';
}

/**
 * The number of answers and the limit of each, in chat completions and responses, under each name that it
 * has had; 0 if there is none.
 */
export function answersOf(body: Readonly<Record<string, unknown>>) {
  const {
    max_completion_tokens: newest,
    max_tokens: oldest,
    max_output_tokens: inResponses,
  } = body;
  return {
    limit: positiveOr(0, newest ?? oldest ?? inResponses),
    answers: positiveOr(1, body.n),
  };
}

function positiveOr(otherwise: number, value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : otherwise;
}

/** The input is a text, a list of texts, one text as tokens, or a list of those. */
function countInputs(input: unknown): number {
  return Array.isArray(input) && typeof input[0] !== 'number' ? input.length : 1;
}

function jsonTypeOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

/** A line of a file that has passed the inspection. */
export interface RequestLine {
  readonly custom_id: string;
  readonly method: string;
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** @throws ProviderError `transient` for a line that is not JSON: the scratch file is damaged */
export function parseRequestLine(bytes: Buffer): RequestLine {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    // The parser's own message would quote the request.
    const message = 'a line of the scratch file is not JSON';
    throw new ProviderError('transient', { code: 'scratch_file_broken', message });
  }
}

/** A line with its version and its model. One that has both keeps its bytes. */
export function completedLine(bytes: Buffer, defaultModel: string | undefined): Buffer {
  const line = parseRequestLine(bytes);
  const url = withVersion(line.url);
  const { model = defaultModel } = line.body;
  if (url === line.url && model === line.body.model) return bytes;
  return Buffer.from(JSON.stringify({ ...line, url, body: { ...line.body, model } }));
}
