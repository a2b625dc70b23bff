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
