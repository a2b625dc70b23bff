import { messageOf, NO_USABLE_ANSWER } from '../../batch/errors.ts';
import {
  ACCOUNT_REFUSED,
  type ApiFailure,
  classifierOf,
  type ErrorRule,
  FORBIDDEN,
  isTimeout,
  UNCLEAR_ANSWER,
} from '../errors.ts';

/** Reads whatever the AWS SDK or the connection threw. */
function apiFailureOf(error: unknown): ApiFailure {
  const inner = innermost(error);
  const status = httpStatusIn(inner);
  // A signature that does not match is answered with the signed request on the next lines.
  const [message = ''] = messageOf(error).split('\n');
  return { status, codes: [codeOf(inner, status)], message };
}

/** The object store wraps the error of a read. */
function innermost(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error && httpStatusIn(error) === undefined
    ? innermost(error.cause)
    : error;
}

function httpStatusIn(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined;
  return (error.$metadata as { httpStatusCode?: number } | undefined)?.httpStatusCode;
}

function codeOf(error: unknown, status: number | undefined): string {
  if (!(error instanceof Error)) return NO_USABLE_ANSWER;
  if (isTimeout(error)) return 'timeout';
  if (status !== undefined || error.name === 'CredentialsProviderError') return error.name;
  return 'code' in error && typeof error.code === 'string' ? error.code : NO_USABLE_ANSWER;
}

/**
 * Names of AWS errors, and the texts of failed jobs with the same meaning: a failed job has a
 * `message` without a code.
 */

/** The provider is full or too busy for now and did not take the job. */
const QUOTA_CODES: ReadonlySet<string> = new Set([
  'ServiceQuotaExceededException',
  'ThrottlingException',
  'Throttling',
  'TooManyRequestsException',
  'RequestLimitExceeded',
]);

/** Somebody must act on the account, its credentials or its permissions. */
const ACCOUNT_CODES: ReadonlySet<string> = new Set([
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

/** A ValidationException or a failed job may be about the role instead of the input. */
export function isAboutAccess(message: string): boolean {
  return /cannot be assumed|could not be assumed|unable to assume|insufficient permissions?|not authorized|access ?denied|does not have (access|permission)|don't have access/i.test(
    message,
  );
}

/** Whether it is about the bucket or the region of the jobs: no batch of the entry can run. */
export function isAboutSetup(message: string): boolean {
  return /validate s3|s3 (input|output) location|(read|access|write to) the s3 bucket|s3 bucket\b.*(exist|region|access)/i.test(
    message,
  );
}

const PLAIN_DENIALS: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  // S3 answers HEAD without a code: the SDK gives the status's name, or the status.
  'Forbidden',
  '403',
]);

/** A fault of the input, or a model without batch inference, would be there the next time. */
export function isAboutInput(message: string): boolean {
  return /not support(?:ed)?\b.*\bbatch|\bbatch\b.*not support|\brecords?\b|\bjsonl?\b|input (file|data)|file size|malformed|model identifier/i.test(
    message,
  );
}

export function isAboutQuota(message: string): boolean {
  return /quota|throttl|too many|concurrent|limit exceeded|capacity|(try|resubmit)[^.]* later/i.test(
    message,
  );
}

const RULES: readonly ErrorRule[] = [
  {
    // Nothing was sent: there are no credentials to sign a call with.
    when: ({ codes: [code] }) => code === 'CredentialsProviderError',
    ...ACCOUNT_REFUSED,
  },
  {
    ...UNCLEAR_ANSWER,
    // After a conflict, a job of this name exists, or is just being created.
    when: (failure) => UNCLEAR_ANSWER.when(failure) || failure.codes[0] === 'ConflictException',
  },
  {
    when: ({ status, codes: [code] }) => status === 429 || QUOTA_CODES.has(code),
    upload: 'transient',
    create: 'quota',
    read: 'transient',
  },
  {
    when: ({ status, codes: [code] }) => status === 403 && PLAIN_DENIALS.has(code),
    ...FORBIDDEN,
  },
  {
    when: ({ status, codes: [code], message }) =>
      status === 401 ||
      status === 403 ||
      ACCOUNT_CODES.has(code) ||
      isAboutAccess(message) ||
      isAboutSetup(message),
    ...ACCOUNT_REFUSED,
  },
  {
    when: ({ status }) => status === 404,
    // The handler's bucket is gone.
    upload: 'account',
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

export const classify = classifierOf({
  provider: 'Bedrock',
  rules: RULES,
  failureOf: apiFailureOf,
});
