import { isObject } from '../engine/router.ts';
import { ApiError, invalidValue } from './errors.ts';

/** The longest life of a file, and the default for output files. */
export const MAX_LIFE_SECONDS = 2_592_000;

/** @throws ApiError 400 for a field that the call does not have */
export function checkFields(names: Iterable<string>, known: ReadonlySet<string>): void {
  for (const name of names)
    if (!known.has(name))
      throw new ApiError(400, `Unknown parameter: '${name}'.`, {
        code: 'unknown_parameter',
        param: name,
      });
}

/**
 * The life of a file in seconds, from `{ anchor, seconds }`. Undefined if nothing was sent.
 *
 * @throws ApiError 400
 */
export function parseLife(policy: unknown, param: string, minSeconds: number): number | undefined {
  if (policy === undefined || policy === null) return undefined;
  const { anchor, seconds } = isObject(policy) ? policy : {};
  if (anchor !== 'created_at') throw invalidValue(`${param}.anchor`, anchor, ['created_at']);
  if (typeof seconds !== 'number' || !(seconds >= minSeconds && seconds <= MAX_LIFE_SECONDS))
    throw new ApiError(
      400,
      `Invalid '${param}.seconds': ${String(seconds)}. Expected a value from ${minSeconds} to ${MAX_LIFE_SECONDS}.`,
      { code: 'invalid_value', param: `${param}.seconds` },
    );
  return seconds;
}

const MAX_PAIRS = 16;
const MAX_KEY_LENGTH = 64;
const MAX_VALUE_LENGTH = 512;

export function parseMetadata(value: unknown): Record<string, string> | null {
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

const HOUR_MS = 60 * 60 * 1000;

/** A completion window, such as 24h or 7d. */
export function windowMs(window: string): number {
  return Number.parseInt(window, 10) * (window.endsWith('d') ? 24 : 1) * HOUR_MS;
}
