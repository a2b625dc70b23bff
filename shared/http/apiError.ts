/**
 * An answer that is an error, in OpenAI's shape: `{"error": {"message", "type", "param", "code"}}`.
 * Source of the shape: `ErrorResponse` of OpenAI's API description.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: ErrorStatus;
  readonly type: ErrorType;
  readonly code: string | null;
  readonly param: string | null;
  /** Further headers of the answer, such as `retry-after`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: ErrorStatus, message: string, more: ErrorDetails = {}) {
    super(message);
    this.status = status;
    this.type = more.type ?? TYPES[status] ?? 'invalid_request_error';
    this.code = more.code ?? null;
    this.param = more.param ?? null;
    this.headers = more.headers ?? {};
  }
}

export type ErrorStatus =
  | 400
  | 401
  | 403
  | 404
  | 405
  | 409
  | 413
  | 415
  | 416
  | 429
  | 431
  | 500
  | 503;

export type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'rate_limit_error'
  | 'idempotency_error'
  | 'server_error';

export interface ErrorDetails {
  /** Default: the usual one of the status. */
  readonly type?: ErrorType | undefined;
  /** What a program can tell the error by, such as `invalid_api_key`. */
  readonly code?: string | undefined;
  /** The field of the request that is wrong. */
  readonly param?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

const TYPES: Partial<Record<ErrorStatus, ErrorType>> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
  500: 'server_error',
  503: 'server_error',
};

/** The answer that an error is. */
export function errorResponse({ status, message, type, param, code, headers }: ApiError): Response {
  // OpenAI's SDKs repeat a 409, which no repetition changes.
  const noRepeat = status === 409 ? { 'x-should-retry': 'false' } : {};
  const error = { message, type, param, code };
  return Response.json({ error }, { status, headers: { ...noRepeat, ...headers } });
}
