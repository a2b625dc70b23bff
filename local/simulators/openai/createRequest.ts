import { isObject } from '../readJson.ts';
import { ApiError, invalidValue, missingParameter } from './errors.ts';
import type { Manner } from './manner.ts';

/** A create call whose values are allowed. */
export interface CreateRequest {
  readonly inputFileId: string;
  readonly endpoint: string;
  readonly completionWindow: string;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly outputSeconds: number;
}

const WINDOWS = ['24h'];
const MAX_PAIRS = 16;
const MAX_KEY_LENGTH = 64;
const MAX_VALUE_LENGTH = 512;
/** The longest life of a file, and that of results when a call says nothing. */
const MAX_SECONDS = 2_592_000;

/** @throws ApiError 400 */
export function parseCreateRequest(
  body: Record<string, unknown>,
  { jobEndpoints, minLifeSeconds }: Manner,
): CreateRequest {
  const life = parseLife(body.output_expires_after, 'output_expires_after', minLifeSeconds);
  const required = (name: string, allowed?: readonly string[]): string => {
    const value = body[name];
    if (value === undefined) throw missingParameter(name);
    if (typeof value !== 'string' || (allowed && !allowed.includes(value)))
      throw invalidValue(name, value, allowed ?? ['a string']);
    return value;
  };
  return {
    inputFileId: required('input_file_id'),
    endpoint: required('endpoint', jobEndpoints),
    completionWindow: required('completion_window', WINDOWS),
    metadata: parseMetadata(body.metadata ?? null),
    outputSeconds: life ?? MAX_SECONDS,
  };
}

/**
 * The life of a file in seconds, from `{ anchor, seconds }`; undefined if nothing was sent.
 *
 * @throws ApiError 400
 */
export function parseLife(policy: unknown, param: string, minSeconds: number): number | undefined {
  if (policy === undefined || policy === null) return undefined;
  const { anchor, seconds } = isObject(policy) ? policy : {};
  if (anchor !== 'created_at') throw invalidValue(`${param}.anchor`, anchor, ['created_at']);
  if (typeof seconds !== 'number' || !(seconds >= minSeconds && seconds <= MAX_SECONDS))
    throw new ApiError(
      400,
      `Invalid '${param}.seconds': ${String(seconds)}. Expected a value from ${minSeconds} to ${MAX_SECONDS}.`,
      { code: 'invalid_value', param: `${param}.seconds` },
    );
  return seconds;
}

function parseMetadata(value: unknown): Record<string, string> | null {
  if (value === null) return null;
  const refuse = (problem: string) =>
    new ApiError(400, `Invalid 'metadata': ${problem}.`, {
      code: 'invalid_value',
      param: 'metadata',
    });
  if (!isObject(value)) throw refuse('expected an object');
  const pairs = Object.entries(value);
  if (pairs.length > MAX_PAIRS)
    throw refuse(`expected at most ${MAX_PAIRS} properties, got ${pairs.length}`);
  const metadata: Record<string, string> = {};
  for (const [key, text] of pairs) {
    if (key.length > MAX_KEY_LENGTH)
      throw refuse(`the key '${key}' is longer than ${MAX_KEY_LENGTH} characters`);
    if (typeof text !== 'string' || text.length > MAX_VALUE_LENGTH)
      throw refuse(`'${key}' is not a string of at most ${MAX_VALUE_LENGTH} characters`);
    metadata[key] = text;
  }
  return metadata;
}
