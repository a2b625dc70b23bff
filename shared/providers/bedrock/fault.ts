import { messageOf } from '../../batch/errors.ts';

/** What is known of a call to Bedrock or S3 that failed. */
export interface Fault {
  /** HTTP status; absent if no answer came, or one that could not be read. */
  readonly status: number | undefined;
  /** The error's name, such as ThrottlingException, or a word of ours. */
  readonly code: string;
  /** For people; no credential in it. */
  readonly message: string;
}

/** Reads whatever the AWS SDK or the connection threw. */
export function faultOf(error: unknown): Fault {
  const inner = innermost(error);
  const status = statusOf(inner);
  return { status, code: codeOf(inner, status), message: withoutCredentials(messageOf(error)) };
}

/** The reader of objects wraps what broke it. */
function innermost(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error && statusOf(error) === undefined
    ? innermost(error.cause)
    : error;
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined;
  return (error.$metadata as { httpStatusCode?: number } | undefined)?.httpStatusCode;
}

/** Of Node and of the SDK's HTTP client, for a call that outlasted its deadline. */
const TIMEOUTS: ReadonlySet<string> = new Set(['AbortError', 'TimeoutError']);

function codeOf(error: unknown, status: number | undefined): string {
  if (!(error instanceof Error)) return 'no_usable_answer';
  if (TIMEOUTS.has(error.name)) return 'timeout';
  if (status !== undefined || error.name === 'CredentialsProviderError') return error.name;
  return 'code' in error && typeof error.code === 'string' ? error.code : 'no_usable_answer';
}

// A signature that does not match is answered with the request as it was signed.
function withoutCredentials(text: string): string {
  return text.replaceAll(/\b(AKIA|ASIA)[A-Z0-9]{12,}/g, '$1…').split('\n')[0] ?? '';
}
