import { randomUUID } from 'node:crypto';
import { InjectedError } from '../engine/faults.ts';
import type { Reply } from '../engine/router.ts';
import { ApiError as FilesError } from '../openai/errors.ts';

/** An error in the API's words. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly type: string;
  constructor(status: number, message: string, type = 'invalid_request_error') {
    super(message);
    this.status = status;
    this.type = type;
  }
}

/** Renders any error as the API does: https://github.com/expectedparrot/edsl/issues/2098 */
export function renderError(error: unknown): Reply {
  if (error instanceof ApiError) return reply(error.status, error.message, error.type);
  if (error instanceof FilesError) return reply(error.status, error.message);
  if (error instanceof InjectedError)
    return reply(error.status, error.message, 'injected', error.code);
  return reply(500, `The simulator failed: ${String(error)}`, 'server_error');
}

function reply(
  status: number,
  message: string,
  type = 'invalid_request_error',
  code: string | null = null,
): Reply {
  const error = { message, type, param: null, code };
  return { status, json: { id: randomUUID(), error } };
}
