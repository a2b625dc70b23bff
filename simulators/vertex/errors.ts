import { InjectedError } from '../engine/faults.ts';
import type { Reply } from '../engine/router.ts';

/** An error of Google's APIs: a status, its name in google.rpc.Code, and an older name for it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly reason: string;
  constructor(status: number, message: string, code = defaultCode(status), reason = code) {
    super(message);
    this.status = status;
    this.code = code;
    this.reason = reason;
  }
}

/** An error of the OAuth endpoints, which have a format of their own. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly code: string;
  constructor(code: string, description: string) {
    super(description);
    this.code = code;
  }
}

export function invalid(message: string): ApiError {
  return new ApiError(400, message);
}

export function notFound(message: string): ApiError {
  return new ApiError(404, message, 'NOT_FOUND', 'notFound');
}

export function unknownPath(method: string, path: string): ApiError {
  return notFound(`The requested URL ${method} ${path} was not found on this server.`);
}

/** Renders any error in the API's format: https://cloud.google.com/apis/design/errors */
export function renderError(error: unknown): Reply {
  if (error instanceof OAuthError)
    return { status: 400, json: { error: error.code, error_description: error.message } };
  if (error instanceof ApiError)
    return errorReply(error.status, error.message, error.code, error.reason);
  if (error instanceof InjectedError) {
    const code = error.code ?? defaultCode(error.status);
    return errorReply(error.status, error.message, code, code);
  }
  return errorReply(500, `The simulator failed: ${String(error)}`, 'INTERNAL', 'internalError');
}

function errorReply(code: number, message: string, status: string, reason: string): Reply {
  const errors = [{ message, domain: 'global', reason }];
  return { status: code, json: { error: { code, message, status, errors } } };
}

const DEFAULT_CODES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  429: 'RESOURCE_EXHAUSTED',
  503: 'UNAVAILABLE',
};

function defaultCode(status: number): string {
  return DEFAULT_CODES[status] ?? 'INTERNAL';
}
