import { APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai';
import { messageWithCause, systemCodeOf } from '../systemError.ts';

/** What is known of a call that failed. */
export interface Fault {
  /** HTTP status; absent if no answer came, or one that could not be read. */
  readonly status: number | undefined;
  /** OpenAI's code or type, or a word of ours. */
  readonly code: string;
  /** For people; no key in it. */
  readonly message: string;
}

/** Reads whatever the SDK, its fetch or the file system threw. */
export function faultOf(error: unknown): Fault {
  const status = error instanceof APIError ? error.status : undefined;
  return { status, code: codeOf(error, status), message: withoutKeys(messageWithCause(error)) };
}

function codeOf(error: unknown, status: number | undefined): string {
  if (error instanceof APIConnectionTimeoutError || error instanceof APIUserAbortError)
    return 'timeout';
  if (error instanceof APIError && status !== undefined)
    return innerCodeOf(error) ?? error.code ?? error.type ?? `http_${status}`;
  return systemCodeOf(error) ?? 'no_usable_answer';
}

/** Azure's codes tell a class of errors, such as BadRequest, and the inner one which it is. */
function innerCodeOf({ error }: APIError): string | undefined {
  const { innererror, inner_error: inner = innererror } = (error ?? {}) as Record<string, unknown>;
  const code = (inner as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && code !== '' ? code : undefined;
}

// OpenAI masks the key it refuses; a gateway in between may repeat it whole, or a token.
function withoutKeys(text: string): string {
  return text.replaceAll(/\bsk-[\w*-]+/g, 'sk-…').replaceAll(/\bBearer \S+/gi, 'Bearer …');
}
