import { messageWithCause, systemCodeOf } from '../systemError.ts';
import { HttpError } from './httpError.ts';

/** What is known of a call that failed. */
export interface Fault {
  /** HTTP status; absent if no answer came, or one that could not be read. */
  readonly status: number | undefined;
  /** Google's words, the narrowest first, or one of ours. */
  readonly codes: readonly [string, ...string[]];
  /** For people; no key in it. */
  readonly message: string;
}

const TIMEOUTS: ReadonlySet<string> = new Set(['AbortError', 'TimeoutError']);

/** Reads whatever the connection, the parsing or the file system threw. */
export function faultOf(error: unknown): Fault {
  if (!(error instanceof HttpError))
    return { status: undefined, codes: [codeOf(error)], message: withoutKeys(textOf(error)) };
  const { status, message } = error;
  const [first = `http_${status}`, ...rest] = error.codes;
  return { status, codes: [first, ...rest], message: withoutKeys(message) };
}

function codeOf(error: unknown): string {
  if (error instanceof Error && TIMEOUTS.has(error.name)) return 'timeout';
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? codeOf(cause) : (systemCodeOf(error) ?? 'no_usable_answer');
}

function textOf(error: unknown): string {
  // A parser's own message quotes what it found.
  return error instanceof SyntaxError ? 'the answer is no JSON' : messageWithCause(error);
}

// Google does not repeat the key or the token that it refuses; a gateway in between may.
function withoutKeys(text: string): string {
  return text.replaceAll(/\b(AIza|AQ\.|ya29\.)[\w.-]+/g, '$1…');
}
