import { InjectedError } from '../engine/faults.ts';
import type { Reply } from '../engine/router.ts';

/** An error of the service, whose name is its code. */
export class ServiceError extends Error {
  override readonly name: string;
  readonly status: number;
  constructor(status: number, name: string, message: string) {
    super(message);
    this.status = status;
    this.name = name;
  }
}

export function invalid(message: string): ServiceError {
  return new ServiceError(400, 'ValidationException', message);
}

export function conflict(message: string): ServiceError {
  // The status is 400 where other services have 409.
  return new ServiceError(400, 'ConflictException', message);
}

export function unknownPath(method: string, path: string): ServiceError {
  return new ServiceError(404, 'UnknownOperationException', `${method} ${path}`);
}

/** Renders any error as the service does: its name in a header, its message in the body. */
export function renderError(error: unknown): Reply {
  if (error instanceof ServiceError) return errorReply(error.status, error.name, error.message);
  if (error instanceof InjectedError)
    return errorReply(error.status, error.code ?? defaultName(error.status), error.message);
  return errorReply(500, 'InternalServerException', `The simulator failed: ${String(error)}`);
}

function errorReply(status: number, name: string, message: string): Reply {
  return { status, json: { message }, headers: { 'x-amzn-errortype': name } };
}

const DEFAULT_NAMES: Readonly<Record<number, string>> = {
  400: 'ValidationException',
  401: 'UnrecognizedClientException',
  403: 'AccessDeniedException',
  404: 'ResourceNotFoundException',
  429: 'ThrottlingException',
  503: 'ServiceUnavailableException',
};

function defaultName(status: number): string {
  return DEFAULT_NAMES[status] ?? 'InternalServerException';
}
