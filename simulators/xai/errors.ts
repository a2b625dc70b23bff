import { InjectedError } from '../engine/faults.ts';
import type { Reply } from '../engine/router.ts';
import { ApiError as FilesError } from '../openai/errors.ts';

/** An error in the API's words: `responsesErrorSchema` in `xai-error.ts` of @ai-sdk/xai. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function invalid(message: string): ApiError {
  return new ApiError(400, 'Client specified an invalid argument', message);
}

export function missing(message: string): ApiError {
  return new ApiError(404, 'Some requested entity was not found', message);
}

/** Renders any error as the API does. */
export function renderError(error: unknown): Reply {
  if (error instanceof ApiError) return reply(error.status, error.code, error.message);
  if (error instanceof FilesError) return reply(error.status, 'invalid-argument', error.message);
  if (error instanceof InjectedError)
    return reply(error.status, error.code ?? `status ${error.status}`, error.message);
  return reply(500, 'internal', `The simulator failed: ${String(error)}`);
}

function reply(status: number, code: string, error: string): Reply {
  return { status, json: { code, error } };
}
