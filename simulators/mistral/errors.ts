import { InjectedError } from '../engine/faults.ts';
import type { Reply } from '../engine/router.ts';
import { ApiError as FilesError } from '../openai/errors.ts';

/** A problem of a call, as FastAPI reports it: https://fastapi.tiangolo.com/tutorial/handling-errors */
export interface Problem {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input?: unknown;
}

/** An error in the API's words. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly body: object;
  constructor(status: number, body: object) {
    super(`status ${status}`);
    this.status = status;
    this.body = body;
  }
}

/** https://docs.mistral.ai/resources/error-glossary */
export function errorBody(message: string, type: string, code: string | null = null): object {
  return { object: 'error', message, type, param: null, code };
}

export function refused(status: number, message: string, type = 'invalid_request_error'): ApiError {
  return new ApiError(status, errorBody(message, type));
}

/** https://github.com/danny-avila/LibreChat/issues/4866 */
export function invalid(...detail: readonly Problem[]): ApiError {
  return new ApiError(422, { detail });
}

export function missing(...loc: Problem['loc']): ApiError {
  return invalid({ type: 'missing', loc: ['body', ...loc], msg: 'Field required' });
}

export const UNAUTHORIZED = new ApiError(401, { detail: 'Unauthorized' });

/** Renders any error as the API does. */
export function renderError(error: unknown): Reply {
  if (error instanceof ApiError) return { status: error.status, json: error.body };
  if (error instanceof FilesError)
    return { status: error.status, json: errorBody(error.message, 'invalid_request_error') };
  if (error instanceof InjectedError)
    return {
      status: error.status,
      json: errorBody(error.message, 'error', error.code ?? null),
    };
  return {
    status: 500,
    json: errorBody(`The simulator failed: ${String(error)}`, 'internal_error'),
  };
}
