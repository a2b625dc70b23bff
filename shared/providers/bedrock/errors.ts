import {
  messageOf,
  ProviderError,
  type ProviderErrorKind,
  RefusedError,
  shortReason,
} from '../../batch/errors.ts';

/** What is known of a call to Bedrock or S3 that failed. */
export interface ApiFailure {
  /** HTTP status; absent if no answer came, or one that could not be read. */
  readonly status: number | undefined;
  /** The error's name, such as ThrottlingException, or a word of ours. */
  readonly code: string;
  /** For people; no credential in it. */
  readonly message: string;
}

/** Reads whatever the AWS SDK or the connection threw. */
export function apiFailureOf(error: unknown): ApiFailure {
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

/**
 * Names of AWS errors by what they mean for us, and the texts by which a failed job says the same:
 * its `message` has no code.
 */

/** Full or too busy for now; the job was not taken on. */
export const QUOTA_CODES: ReadonlySet<string> = new Set([
  'ServiceQuotaExceededException',
  'ThrottlingException',
  'Throttling',
  'TooManyRequestsException',
  'RequestLimitExceeded',
]);

/** Somebody must act on the account, its credentials or its permissions. */
export const ACCOUNT_CODES: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'OptInRequired',
  'SignatureDoesNotMatch',
  'SubscriptionRequiredException',
  'UnrecognizedClientException',
]);

/** A ValidationException, or a failed job, may speak of the role instead of the input. */
export function isAboutAccess(message: string): boolean {
  return /cannot be assumed|could not be assumed|unable to assume|insufficient permissions?|not authorized|access ?denied|does not have (access|permission)|don't have access/i.test(
    message,
  );
}

/** What is wrong with the file will be wrong the next time. */
export function isAboutInput(message: string): boolean {
  return /\brecords?\b|\bjsonl?\b|input (file|data)|file size|malformed|model identifier/i.test(
    message,
  );
}

export function isAboutQuota(message: string): boolean {
  return /quota|throttl|too many|concurrent|limit exceeded|capacity|(try|resubmit)[^.]* later/i.test(
    message,
  );
}

/** `upload` leaves at most an object of ours, `create` a paid job, `read` nothing. */
export type Call = 'upload' | 'create' | 'read';

interface Rule extends Record<Call, ProviderErrorKind> {
  readonly when: (fault: ApiFailure) => boolean;
}

/** The first rule that applies decides. */
const RULES: readonly Rule[] = [
  {
    // Before any call is sent: there are no credentials to sign it with.
    when: ({ code }) => code === 'CredentialsProviderError',
    upload: 'account',
    create: 'account',
    read: 'account',
  },
  {
    // No definite answer: a create call may have been carried out all the same. A conflict says
    // that a job of this name exists, or is just being made.
    when: ({ status = 0, code }) =>
      status < 400 || [408, 409].includes(status) || status >= 500 || code === 'ConflictException',
    upload: 'transient',
    create: 'uncertain',
    read: 'transient',
  },
  {
    when: ({ status, code }) => status === 429 || QUOTA_CODES.has(code),
    upload: 'transient',
    create: 'quota',
    read: 'transient',
  },
  {
    when: ({ status, code, message }) =>
      status === 401 || status === 403 || ACCOUNT_CODES.has(code) || isAboutAccess(message),
    upload: 'account',
    create: 'account',
    read: 'account',
  },
  {
    when: ({ status }) => status === 404,
    upload: 'permanent',
    create: 'permanent',
    read: 'missing',
  },
  {
    when: ({ message }) => isAboutQuota(message) && !isAboutInput(message),
    upload: 'transient',
    create: 'quota',
    read: 'transient',
  },
];

/** What a failed call means. The reason names the call and what AWS said. */
export function classify(error: unknown, call: Call): ProviderError {
  if (error instanceof ProviderError) return error;
  // A line over the limit, a request that was changed since its inspection, a bucket that we may
  // not read: none will be otherwise the next time.
  if (error instanceof RefusedError) return new ProviderError('permanent', error.reason);
  const fault = apiFailureOf(error);
  const kind = RULES.find((rule) => rule.when(fault))?.[call] ?? 'permanent';
  const reason = shortReason(fault.code, `Bedrock, ${call}: ${fault.message}`);
  return new ProviderError(kind, reason, { cause: error });
}
