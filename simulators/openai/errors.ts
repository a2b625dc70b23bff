import { InjectedError } from '../engine/faults.ts';
import type { Reply } from '../engine/router.ts';

/** An error in the API's words. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;
  constructor(
    status: number,
    message: string,
    details: { code?: string; param?: string | undefined } = {},
  ) {
    super(message);
    this.status = status;
    this.code = details.code ?? null;
    this.param = details.param ?? null;
  }
}

export function missingParameter(param: string): ApiError {
  const message = `Missing required parameter: '${param}'.`;
  return new ApiError(400, message, { code: 'missing_required_parameter', param });
}

export function invalidValue(param: string, value: unknown, allowed: readonly string[]): ApiError {
  const supported = allowed.map((name) => `'${name}'`).join(', ');
  const message = `Invalid value: '${String(value)}'. Supported values are: ${supported}.`;
  return new ApiError(400, message, { code: 'invalid_value', param });
}

export function unknownPath(method: string, path: string): ApiError {
  return new ApiError(404, `Invalid URL (${method} ${path})`);
}

/** Renders any error as the API's error object. */
export function renderError(error: unknown): Reply {
  if (error instanceof ApiError)
    return errorReply(error.status, error.message, error.code, error.param);
  if (error instanceof InjectedError)
    return errorReply(error.status, error.message, error.code ?? defaultCode(error.status), null);
  return errorReply(500, `The simulator failed: ${String(error)}`, null, null);
}

function errorReply(
  status: number,
  message: string,
  code: string | null,
  param: string | null,
): Reply {
  return { status, json: { error: { message, type: typeOf(status), param, code } } };
}

function typeOf(status: number): string {
  if (status === 429) return 'requests';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

function defaultCode(status: number): string | null {
  if (status === 401) return 'invalid_api_key';
  return status === 429 ? 'rate_limit_exceeded' : null;
}
