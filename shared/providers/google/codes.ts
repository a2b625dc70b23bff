/**
 * Somebody must act on the account: statuses, and reasons of google.api.ErrorReason.
 * https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto
 * The last two are BigQuery's and Storage's:
 * https://docs.cloud.google.com/bigquery/docs/error-messages
 */
const ACCOUNT_CODES: ReadonlySet<string> = new Set([
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'API_KEY_INVALID',
  'API_KEY_SERVICE_BLOCKED',
  'API_KEY_HTTP_REFERRER_BLOCKED',
  'API_KEY_IP_ADDRESS_BLOCKED',
  'API_KEY_ANDROID_APP_BLOCKED',
  'API_KEY_IOS_APP_BLOCKED',
  'ACCESS_TOKEN_EXPIRED',
  'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
  'ACCOUNT_STATE_INVALID',
  'BILLING_DISABLED',
  'CONSUMER_INVALID',
  'CONSUMER_SUSPENDED',
  'CREDENTIALS_MISSING',
  'IAM_PERMISSION_DENIED',
  'SERVICE_DISABLED',
  'USER_PROJECT_DENIED',
  'accessDenied',
  'billingNotEnabled',
]);

/** Full or too busy for now. The last four are BigQuery's and Storage's, which send them as 403. */
const QUOTA_CODES: ReadonlySet<string> = new Set([
  'RESOURCE_EXHAUSTED',
  'RATE_LIMIT_EXCEEDED',
  'QUOTA_EXCEEDED',
  'quotaExceeded',
  'rateLimitExceeded',
  'userRateLimitExceeded',
  'jobRateLimitExceeded',
]);

/** What a project without a way to pay, or in a country that is not served, is told. */
const ACCOUNT_TEXT =
  /enable billing|no billing account|billing (account )?(for [^.]+ )?(is |to be |has )?(disabled|not |enabled)|credits are depleted|spending cap|location is not supported/i;

/**
 * Whether it is about the account. The word "billing" alone is not: a plain RESOURCE_EXHAUSTED
 * reads "check your plan and billing details".
 */
export function isAboutAccount(codes: readonly string[], message: string): boolean {
  return codes.some((code) => ACCOUNT_CODES.has(code)) || ACCOUNT_TEXT.test(message);
}

export function isQuota(codes: readonly string[]): boolean {
  return codes.some((code) => QUOTA_CODES.has(code));
}

/** Google says PERMISSION_DENIED of a file that is not there, as if it were another's. */
export function isAboutMissing(message: string): boolean {
  return /or it may not exist/i.test(message);
}
