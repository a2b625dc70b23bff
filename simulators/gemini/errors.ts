import { InjectedError } from '../engine/faults.ts';
import type { Reply } from '../engine/router.ts';

/** The statuses of google.rpc.Code that the API uses, with their numbers and HTTP statuses. */
const RPC_STATUSES = {
  INVALID_ARGUMENT: { number: 3, http: 400 },
  DEADLINE_EXCEEDED: { number: 4, http: 504 },
  NOT_FOUND: { number: 5, http: 404 },
  PERMISSION_DENIED: { number: 7, http: 403 },
  RESOURCE_EXHAUSTED: { number: 8, http: 429 },
  FAILED_PRECONDITION: { number: 9, http: 400 },
  ABORTED: { number: 10, http: 409 },
  INTERNAL: { number: 13, http: 500 },
  UNAVAILABLE: { number: 14, http: 503 },
  UNAUTHENTICATED: { number: 16, http: 401 },
} as const;
export type StatusName = keyof typeof RPC_STATUSES;

/** An error in the API's words. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: StatusName;
  /** The reason in google.rpc.ErrorInfo. */
  readonly reason: string | undefined;
  constructor(status: StatusName, message: string, reason?: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** The error of a row or of a failed job. */
export function rpcStatus(status: StatusName, message: string) {
  return { code: RPC_STATUSES[status].number, message };
}

export function unknownPath(): ApiError {
  return new ApiError('NOT_FOUND', 'Requested entity was not found.');
}

export function invalid(message: string): ApiError {
  return new ApiError('INVALID_ARGUMENT', message);
}

/** Renders any error as the API's error object. */
export function renderError(error: unknown): Reply {
  if (error instanceof ApiError)
    return errorReply(RPC_STATUSES[error.status].http, error.status, error.message, error.reason);
  if (!(error instanceof InjectedError))
    return errorReply(500, 'INTERNAL', `The simulator failed: ${String(error)}`);
  const { status, code, message } = error;
  const isStatus = code !== undefined && code in RPC_STATUSES;
  return errorReply(
    status,
    isStatus ? code : defaultStatus(status),
    message,
    isStatus ? undefined : code,
  );
}

function errorReply(code: number, status: string, message: string, reason?: string): Reply {
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason,
    domain: 'googleapis.com',
  };
  const details = reason === undefined ? undefined : [info];
  return { status: code, json: { error: { code, message, status, details } } };
}

function defaultStatus(http: number): string {
  const found = Object.entries(RPC_STATUSES).find(([, status]) => status.http === http);
  return found?.[0] ?? (http >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT');
}
