import type { Failure } from '../batch/failures.ts';
import { classifyRow, type DecidingFields, isObject } from './rows.ts';

/** The code of a row that gives none. */
const NO_CODE = 'no_code';

/**
 * The error of a row that did not succeed, as its own words have it: the error in the answer's body
 * says more than the one beside it. Any field may be of another type.
 */
export function failureOf(row: DecidingFields): Failure {
  const { response, error } = row;
  const body: unknown = response?.body;
  const inBody = isObject(body) ? body.error : undefined;
  const status = httpStatus(response?.status_code);
  return {
    code: codeIn(inBody) ?? codeIn(error) ?? NO_CODE,
    ...(status !== undefined && { status }),
    ...(classifyRow(row) === 'unfinished' && { isUnfinished: true as const }),
  };
}

/** Undefined for 0, OpenAI's status of a request that was never made, and for a success, which hides an error. */
function httpStatus(given: unknown): number | undefined {
  const status = Number(given);
  return Number.isInteger(status) && status >= 300 && status < 600 ? status : undefined;
}

/** OpenAI's errors have a code, or only a type; Google's have a number as the code, and a status. */
function codeIn(error: unknown): string | undefined {
  if (!isObject(error)) return typeof error === 'string' && error !== '' ? 'error' : undefined;
  return [error.code, error.type, error.status].find(isCode);
}

/** Numbers repeat the HTTP status. */
function isCode(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !/^\d+$/.test(value);
}
