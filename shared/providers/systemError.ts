import { messageOf } from '../batch/errors.ts';

/** Of what a connection or the file system threw: the innermost cause's code, such as ECONNRESET. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const inner = systemCodeOf(error.cause);
  if (inner !== undefined) return inner;
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** `fetch failed (read ECONNRESET)`: the message alone would not tell why. */
export function messageWithCause(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
  return cause === '' ? messageOf(error) : `${messageOf(error)} (${cause})`;
}
