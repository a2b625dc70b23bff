import * as z from 'zod';
import {
  ProviderError,
  type ProviderErrorKind,
  RefusedError,
  shortReason,
} from '../../batch/errors.ts';
import { messageWithCause, systemCodeOf } from '../http.ts';

/** What is known of a call that failed. */
export interface ApiFailure {
  /** HTTP status; absent if no answer came, or one that could not be read. */
  readonly status: number | undefined;
  /** Google's words, the narrowest first, or one of ours. */
  readonly codes: readonly [string, ...string[]];
  /** For people; no key in it. */
  readonly message: string;
}

const TIMEOUTS: ReadonlySet<string> = new Set(['AbortError', 'TimeoutError']);

/** Reads whatever the connection, the parsing or the file system threw. */
export function apiFailureOf(error: unknown): ApiFailure {
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

/** `upload` leaves at most a file or a table of ours, `create` a paid job, `read` nothing. */
type Call = 'upload' | 'create' | 'read';

export interface Rule extends Record<Call, ProviderErrorKind> {
  readonly when: (fault: ApiFailure) => boolean;
}

/** No definite answer: a create call may have been carried out all the same. */
const UNCLEAR: Rule = {
  when: ({ status = 0 }) => status < 400 || status === 408 || status === 409 || status >= 500,
  upload: 'transient',
  create: 'uncertain',
  read: 'transient',
};

/** Of other answers. The first rule that applies decides. */
const RULES: readonly Rule[] = [
  {
    // Before 400 and 429: a wrong key, spent credits and a project without billing come as either.
    when: ({ codes, message }) => isAboutAccount(codes, message),
    upload: 'account',
    create: 'account',
    read: 'account',
  },
  {
    // Before 403, as which the older APIs send it.
    when: ({ status, codes }) => status === 429 || isQuota(codes),
    upload: 'transient',
    create: 'quota',
    read: 'transient',
  },
  {
    when: ({ status }) => status === 401 || status === 403,
    upload: 'account',
    create: 'account',
    read: 'account',
  },
];

/** What a failed call means. The reason names the call and what Google said. */
export type Classify = (error: unknown, call: Call) => ProviderError;

/**
 * @param provider for the reason, such as `Gemini`
 * @param missing what that service says of what is not there, and what it means; it comes before
 * the account, since it may look like a lack of permission
 */
export function classifierOf(provider: string, missing: Rule): Classify {
  const rules = [UNCLEAR, missing, ...RULES];
  return (error, call) => {
    if (error instanceof ProviderError) return error;
    // A line over the limit, or a request that the settings refuse since its inspection.
    if (error instanceof RefusedError) return new ProviderError('permanent', error.reason);
    const fault = apiFailureOf(error);
    const kind = rules.find((rule) => rule.when(fault))?.[call] ?? 'permanent';
    const reason = shortReason(fault.codes[0], `${provider}, ${call}: ${fault.message}`);
    return new ProviderError(kind, reason, { cause: error });
  };
}

/** An answer with a status of failure. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  /** Google's words, the narrowest first: the reason of a detail, then the status. */
  readonly codes: readonly string[];
  constructor(status: number, codes: readonly string[], message: string) {
    super(message);
    this.status = status;
    this.codes = codes;
  }
}

const reasons = z
  .array(z.object({ reason: z.string().optional().catch(undefined) }).catch({}))
  .catch([]);

/** https://google.aip.dev/193 */
const errorSchema = z.object({
  error: z.object({
    message: z.string().catch(''),
    status: z.string().optional().catch(undefined),
    details: reasons,
    errors: reasons,
  }),
});

/** Reads the body of a failed answer. */
export async function httpErrorOf(response: Response): Promise<HttpError> {
  const { status } = response;
  const parsed = errorSchema.safeParse(parse(await response.text()));
  // A gateway's page: it may be long, and says nothing of use.
  if (!parsed.success) return new HttpError(status, [], `status ${status} without a reason`);
  const { error } = parsed.data;
  const found = [...error.details, ...error.errors].map(({ reason }) => reason);
  const codes = [...found, error.status].filter((code) => code !== undefined);
  return new HttpError(status, codes, error.message || `status ${status}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
