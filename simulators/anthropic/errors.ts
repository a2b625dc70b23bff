import { randomBytes } from 'node:crypto';
import { InjectedError } from '../engine/faults.ts';
import type { Reply } from '../engine/router.ts';

/** https://platform.claude.com/docs/en/api/errors */
const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/** An error in the API's words. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function unknownPath(): ApiError {
  return new ApiError(404, 'Not found');
}

/** Renders any error as the API's error object. */
export function renderError(error: unknown): Reply {
  if (error instanceof ApiError) return errorReply(error.status, error.message);
  if (error instanceof InjectedError) return errorReply(error.status, error.message, error.code);
  return errorReply(500, `The simulator failed: ${String(error)}`);
}

function errorReply(status: number, message: string, type = typeOf(status)): Reply {
  return { status, json: errorObject(type, message, newRequestId()) };
}

/** The error of a call or of a row. */
export function errorObject(type: string, message: string, requestId: string) {
  return { type: 'error', error: { type, message }, request_id: requestId };
}

export function newRequestId(): string {
  return `req_${randomBytes(12).toString('hex')}`;
}

function typeOf(status: number): string {
  return ERROR_TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
}
