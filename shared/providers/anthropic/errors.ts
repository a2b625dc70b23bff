import { APIConnectionTimeoutError, APIError, APIUserAbortError } from '@anthropic-ai/sdk';
import { ProviderError, type ProviderErrorKind, shortReason } from '../../batch/errors.ts';
import { messageWithCause, systemCodeOf } from '../http.ts';
import { CLAUDE_STATUSES } from '../translation/claudeAnswer.ts';

/** What is known of a call that failed. */
export interface ApiFailure {
  /** HTTP status; absent if no answer came, or one that could not be read. */
  readonly status: number | undefined;
  /** Anthropic's words, the narrowest first, or one of ours. */
  readonly codes: readonly [string, ...string[]];
  /** For people; no key in it. */
  readonly message: string;
}

/** Reads whatever the SDK, its fetch or the file system threw. */
export function apiFailureOf(error: unknown): ApiFailure {
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

/**
 * Words of Anthropic's errors, of calls and of rows, by what they mean for us: the `type` of an
 * error and the `error_code` in its details. https://platform.claude.com/docs/en/api/errors
 */

/** Somebody must act on the account: waiting or sending again changes nothing. */
const ACCOUNT_CODES: ReadonlySet<string> = new Set([
  'authentication_error',
  'billing_error',
  'permission_error',
  'claude_code_key_creator_not_member',
  'cmek_key_disabled',
  'cmek_key_network_blocked',
  'contract_spend_limit_reached',
  'enforced_spend_limit_reached',
  'linked_organization_billing_unavailable',
  'linked_organization_spend_limit_reached',
  'organization_on_hold',
]);

/** What an empty balance or a spent budget says, as `invalid_request_error` with status 400. */
const ACCOUNT_TEXT = /credit balance is too low|reached your specified (?:\w+ )*usage limits/i;

export function isAccount(codes: readonly string[], message: string): boolean {
  return codes.some((code) => ACCOUNT_CODES.has(code)) || ACCOUNT_TEXT.test(message);
}

/** Only what is known to be wrong with a request keeps it from running again. */
const OTHER_ROW_STATUS = 500;

/** The HTTP status of a row's error, which is not about the account, by its type. */
export function rowStatusOf(type: string): number {
  const known = Object.hasOwn(CLAUDE_STATUSES, type) ? CLAUDE_STATUSES[type] : undefined;
  return known ?? OTHER_ROW_STATUS;
}

/** `create` may leave a paid job, `read` leaves nothing. */
export type Call = 'create' | 'read';

interface Rule extends Record<Call, ProviderErrorKind> {
  readonly when: (fault: ApiFailure) => boolean;
}

/** The first rule that applies decides. */
const RULES: readonly Rule[] = [
  {
    // No definite answer: a create call may have been carried out all the same.
    when: ({ status = 0 }) => status < 400 || status === 408 || status === 409 || status >= 500,
    create: 'uncertain',
    read: 'transient',
  },
  {
    // Before 400 and 429: an empty balance and a spent budget come as either.
    when: ({ codes, message }) => isAccount(codes, message),
    create: 'account',
    read: 'account',
  },
  {
    when: ({ status }) => status === 401 || status === 402 || status === 403,
    create: 'account',
    read: 'account',
  },
  { when: ({ status }) => status === 404, create: 'permanent', read: 'missing' },
  { when: ({ status }) => status === 429, create: 'quota', read: 'transient' },
];

/** What a failed call means. The reason names the call and what Anthropic said. */
export function classify(error: unknown, call: Call): ProviderError {
  if (error instanceof ProviderError) return error;
  const fault = apiFailureOf(error);
  const kind = RULES.find((rule) => rule.when(fault))?.[call] ?? 'permanent';
  const reason = shortReason(fault.codes[0], `Anthropic, ${call}: ${fault.message}`);
  return new ProviderError(kind, reason, { cause: error });
}
