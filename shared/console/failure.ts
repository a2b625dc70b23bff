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
  input_expired: 409,
  not_possible: 409,
  batch_exists: 409,
};

/** What the user can correct is told as it is; of everything else, what to do about it. */
export function failed(
  error: Error,
  context: Context,
  { explain, hint, log }: Pick<ConsolePorts, 'explain' | 'hint' | 'log'>,
): Response {
  const { status, ...told } = failureOf(error, { explain, hint });
  if (status === 503)
    log.error('the console failed', { path: context.req.routePath, error: messageOf(error) });
  return context.json<Failure>({ error: told }, status);
}

interface ToldFailure {
  readonly status: 400 | 404 | 409 | 503;
  readonly code: string;
  readonly message: string;
}

/** An error as people are told it. Its status is 503 if they cannot correct it by another request. */
export function failureOf(
  error: unknown,
  { explain, hint }: Pick<ConsolePorts, 'explain' | 'hint'>,
): ToldFailure {
  const told = (status: ToldFailure['status'], code: string, message: string): ToldFailure => ({
    ...{ status, code },
    message: hint(message),
  });
  if (error instanceof ClientError)
    return told(STATUSES[error.code] ?? 400, error.code, error.message);
  if (error instanceof RefusedError) return told(400, error.reason.code, error.message);
  if (error instanceof HTTPException) return told(400, 'invalid_input', error.message);
  return told(503, 'unreachable', explain(error));
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
