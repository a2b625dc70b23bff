import { APIConnectionTimeoutError, APIError, APIUserAbortError } from '@anthropic-ai/sdk';
import { messageWithCause, systemCodeOf } from '../systemError.ts';

/** What is known of a call that failed. */
export interface Fault {
  /** HTTP status; absent if no answer came, or one that could not be read. */
  readonly status: number | undefined;
  /** Anthropic's words, the narrowest first, or one of ours. */
  readonly codes: readonly [string, ...string[]];
  /** For people; no key in it. */
  readonly message: string;
}

/** Reads whatever the SDK, its fetch or the file system threw. */
export function faultOf(error: unknown): Fault {
  // Their status is not of an answer.
  const answer = error instanceof APIError && error.status !== undefined ? error : undefined;
  return {
    status: answer?.status,
    codes: answer ? codesOf(answer) : [ownCodeOf(error)],
    message: withoutKeys(textOf(error)),
  };
}

function codesOf({ status, errorCode, type }: APIError): [string, ...string[]] {
  const [first = `http_${status}`, ...rest] = [errorCode, type].filter((code) => code !== null);
  return [first, ...rest];
}

function ownCodeOf(error: unknown): string {
  if (error instanceof APIConnectionTimeoutError || error instanceof APIUserAbortError)
    return 'timeout';
  return systemCodeOf(error) ?? 'no_usable_answer';
}

function textOf(error: unknown): string {
  if (error instanceof APIError && error.apiMessage !== null)
    return `${error.status} ${error.apiMessage}`;
  return messageWithCause(error);
}

// A gateway in between may repeat a key that it refuses.
function withoutKeys(text: string): string {
  return text.replaceAll(/\bsk-[\w*-]+/g, 'sk-…');
}
