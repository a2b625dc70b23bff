import * as z from 'zod';
import { NO_USABLE_ANSWER } from '../../batch/errors.ts';
import { tryParseJson } from '../../jsonl/rows.ts';
import {
  ACCOUNT_REFUSED,
  type ApiFailure,
  type Classify,
  classifierOf,
  type ErrorRule,
  FORBIDDEN,
  isTimeout,
  messageWithCause,
  plainDenial,
  systemCodeOf,
  UNCLEAR_ANSWER,
} from '../errors.ts';

/** Reads whatever the connection, the parsing or the file system threw. */
function apiFailureOf(error: unknown): ApiFailure {
  if (!(error instanceof HttpError))
    return { status: undefined, codes: [localCodeOf(error)], message: messageIn(error) };
  const { status, message } = error;
  const [first = `http_${status}`, ...rest] = error.codes;
  return { status, codes: [first, ...rest], message };
}

function localCodeOf(error: unknown): string {
  if (isTimeout(error)) return 'timeout';
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? localCodeOf(cause) : (systemCodeOf(error) ?? NO_USABLE_ANSWER);
}

function messageIn(error: unknown): string {
  // A parser's own message quotes the text.
  return error instanceof SyntaxError ? 'the answer is no JSON' : messageWithCause(error);
}

/**
 * Somebody must act on the account. Statuses, and reasons of google.api.ErrorReason:
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

/**
 * The provider is full or too busy for now. The last four are BigQuery's and Storage's, which send
 * them with 403.
 */
const QUOTA_CODES: ReadonlySet<string> = new Set([
  'RESOURCE_EXHAUSTED',
  'RATE_LIMIT_EXCEEDED',
  'QUOTA_EXCEEDED',
  'quotaExceeded',
  'rateLimitExceeded',
  'userRateLimitExceeded',
  'jobRateLimitExceeded',
]);

/** Messages for a project that cannot pay, or in a country that is not served. */
const ACCOUNT_TEXT =
  /enable billing|no billing account|billing (account )?(for [^.]+ )?(is |to be |has )?(disabled|not |enabled)|credits are depleted|spending cap|location is not supported/i;

/**
 * Whether an error is about the account. The word "billing" is not enough: the message of a plain
 * RESOURCE_EXHAUSTED says "check your plan and billing details".
 */
export function isAboutAccount(codes: readonly string[], message: string): boolean {
  return codes.some((code) => ACCOUNT_CODES.has(code)) || ACCOUNT_TEXT.test(message);
}

/** Whether an error is about a quota. */
function isAboutQuota(codes: readonly string[]): boolean {
  return codes.some((code) => QUOTA_CODES.has(code));
}

/** For a file that does not exist, Google gives PERMISSION_DENIED with such a message. */
export function isAboutMissing(message: string): boolean {
  return /or it may not exist/i.test(message);
}

/**
 * Codes of a 403 that names nothing but what was called. The last two are Storage's, for an object
 * that must not be deleted yet: https://docs.cloud.google.com/storage/docs/json_api/v1/status-codes
 */
const PLAIN_DENIALS: ReadonlySet<string> = new Set([
  'PERMISSION_DENIED',
  'IAM_PERMISSION_DENIED',
  'accessDenied',
  'forbidden',
  'http_403',
  'objectUnderActiveHold',
  'retentionPolicyNotMet',
]);

const isPlainDenial = plainDenial(PLAIN_DENIALS, ACCOUNT_TEXT);

/** Rules that follow those of the service. */
const RULES: readonly ErrorRule[] = [
  { when: isPlainDenial, ...FORBIDDEN },
  {
    // Before 400 and 429: a wrong key, spent credits and a project without billing come as either.
    when: ({ codes, message }) => isAboutAccount(codes, message),
    ...ACCOUNT_REFUSED,
  },
  {
    // Before 403, with which the older APIs report a quota.
    when: ({ status, codes }) => status === 429 || isAboutQuota(codes),
    upload: 'transient',
    create: 'quota',
    read: 'transient',
  },
  { when: ({ status }) => status === 401 || status === 403, ...ACCOUNT_REFUSED },
];

/**
 * The classification of one of Google's services.
 *
 * @param provider for the reason, such as `Gemini`
 * @param own the service's own rules, such as how it reports what does not exist. They come before
 *   the rules about the account, because that may look like a lack of permission.
 */
export function googleClassifier(provider: string, own: readonly ErrorRule[]): Classify {
  const rules = [UNCLEAR_ANSWER, ...own, ...RULES];
  return classifierOf({ provider, rules, failureOf: apiFailureOf });
}

/** The status of an answer for what does not exist. */
export const NOT_FOUND = 404;

/** A failed call that was answered. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  /** Google's codes, the most specific first: the reason of a detail, then the status. */
  readonly codes: readonly string[];
  constructor(status: number, codes: readonly string[], message: string) {
    super(message);
    this.status = status;
    this.codes = codes;
  }
}

const reasonsSchema = z
  .array(z.object({ reason: z.string().optional().catch(undefined) }).catch({}))
  .catch([]);

/** https://google.aip.dev/193 */
const googleErrorSchema = z.object({
  error: z.object({
    message: z.string().catch(''),
    status: z.string().optional().catch(undefined),
    details: reasonsSchema,
    errors: reasonsSchema,
  }),
});

/** Reads the error in the body of an answer. */
export async function httpErrorOf(response: Response): Promise<HttpError> {
  const { status } = response;
  const parsed = googleErrorSchema.safeParse(tryParseJson(await response.text()));
  // The page of a gateway may be long, and does not help.
  if (!parsed.success) return new HttpError(status, [], `status ${status} without a reason`);
  const { error } = parsed.data;
  const found = [...error.details, ...error.errors].map(({ reason }) => reason);
  const codes = [...found, error.status].filter((code) => code !== undefined);
  return new HttpError(status, codes, error.message || `status ${status}`);
}
