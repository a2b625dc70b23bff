import { InjectedError } from '../faults.ts';
import { ApiError } from '../openai/errors.ts';
import type { Reply } from '../router.ts';

/** Any error as Azure words it: a class of errors, and in it the code that says which. */
export function renderError(error: unknown): Reply {
  if (error instanceof ApiError) return errorReply(error.status, error.message, error.code);
  if (error instanceof InjectedError)
    return errorReply(error.status, error.message, error.code ?? null);
  return errorReply(500, `The simulator failed: ${String(error)}`, null);
}

const CLASSES: Readonly<Record<number, string>> = { 400: 'BadRequest', 403: 'Forbidden' };

function errorReply(status: number, message: string, code: string | null): Reply {
  const name = CLASSES[status] ?? String(status);
  const innererror = code === null ? {} : { innererror: { code } };
  return { status, json: { error: { code: name, message, ...innererror } } };
}
