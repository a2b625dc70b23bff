import { zValidator } from '@hono/zod-validator';
import type { Context, ValidationTargets } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type * as z from 'zod';
import { messageOf, RefusedError } from '../batch/errors.ts';
import { ClientError, type ClientErrorCode } from '../client/clientError.ts';
import { invalidText } from '../invalid/text.ts';
import type { ConsolePorts } from './ports.ts';

/** An answer that is an error. `message` is one sentence for people, with what to do. */
export interface Failure {
  readonly error: { readonly code: string; readonly message: string };
}

const STATUSES: Partial<Record<ClientErrorCode, 404 | 409>> = {
  unknown_batch: 404,
  no_rows: 404,
  not_possible: 409,
  batch_exists: 409,
};

/** What the user can correct is told as it is; of everything else, what to do about it. */
export function failed(
  error: Error,
  context: Context,
  { explain, hint, log }: Pick<ConsolePorts, 'explain' | 'hint' | 'log'>,
): Response {
  const answer = (status: 400 | 403 | 404 | 409 | 503, code: string, message: string) =>
    context.json<Failure>({ error: { code, message: hint(message) } }, status);
  if (error instanceof ClientError)
    return answer(STATUSES[error.code] ?? 400, error.code, error.message);
  if (error instanceof RefusedError) return answer(400, error.reason.code, error.message);
  if (error instanceof HTTPException) return answer(400, 'invalid_input', error.message);
  log.error('the console failed', { path: context.req.routePath, error: messageOf(error) });
  return answer(503, 'unreachable', explain(error));
}

/**
 * Validates a part of a request. A request with a part that is wrong is answered by a text that names the
 * field and what is wrong with it.
 */
export function valid<Target extends keyof ValidationTargets, Schema extends z.ZodType>(
  target: Target,
  schema: Schema,
) {
  return zValidator(target, schema, (result) => {
    if (result.success) return;
    const message = invalidText(result.error, { input: result.data, schema });
    throw new HTTPException(400, { message });
  });
}
