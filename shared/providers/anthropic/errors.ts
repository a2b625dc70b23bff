import { APIConnectionTimeoutError, APIError, APIUserAbortError } from '@anthropic-ai/sdk';
import { NO_USABLE_ANSWER } from '../../batch/errors.ts';
import {
  type ApiFailure,
  classifierOf,
  type ErrorRule,
  FORBIDDEN,
  messageWithCause,
  plainDenial,
  systemCodeOf,
  UNCLEAR_ANSWER,
  UNKNOWN_ROW_STATUS,
} from '../errors.ts';
import { CLAUDE_STATUSES } from '../translation/claudeAnswer.ts';

/** Reads whatever the SDK, its fetch or the file system threw. */
export function apiFailureOf(error: unknown): ApiFailure {
  // An APIError without a status was not answered.
  const answer = error instanceof APIError && error.status !== undefined ? error : undefined;
  return {
    status: answer?.status,
    codes: answer ? codesOf(answer) : [localCodeOf(error)],
    message: messageIn(error),
  };
}

function codesOf({ status, errorCode, type }: APIError): [string, ...string[]] {
  const [first = `http_${status}`, ...rest] = [errorCode, type].filter((code) => code !== null);
  return [first, ...rest];
}

function localCodeOf(error: unknown): string {
  if (error instanceof APIConnectionTimeoutError || error instanceof APIUserAbortError)
    return 'timeout';
  return systemCodeOf(error) ?? NO_USABLE_ANSWER;
}

function messageIn(error: unknown): string {
  if (error instanceof APIError && error.apiMessage !== null)
    return `${error.status} ${error.apiMessage}`;
  return messageWithCause(error);
}

/**
 * Codes of Anthropic's errors, of calls and of rows: the `type` of an error and the `error_code` in
 * its details. https://platform.claude.com/docs/en/api/errors
 */

/**
 * Somebody must act on the account: neither waiting nor sending again helps. The codes are those of
 * `ErrorDetails` of the SDK about spend limits, an organization on hold, reviews, billing and
 * customer-managed keys (CMEK), and new ones with the same words.
 */
const ACCOUNT_CODE =
  /^(?:authentication|billing|permission)_error$|spend_limit|on_hold|review|billing|cmek_key|key_creator_not_member/;

/**
 * The messages that come as `invalid_request_error` with 400, which are about no request: an empty
 * balance, a spent budget, an organization that was disabled, is on hold or is reviewed by people.
 * And those of AWS: a right of the function's role, and the account's outbound identity federation.
 */
const ACCOUNT_TEXT =
  /credit balance is too low|reached (?:your|its) (?:specified )?(?:\w+ )*(?:usage|spend) limits?|organization (?:has been|is) (?:disabled|on hold)|(?:human|manual) review|customer-managed (?:encryption )?key|not authorized to perform|web identity federation/i;

/** Whether the error is about the account. */
export function isAboutAccount(codes: readonly string[], message: string): boolean {
  return codes.some((code) => ACCOUNT_CODE.test(code)) || ACCOUNT_TEXT.test(message);
}

/** The HTTP status of a row's error, by its type. */
export function rowStatusOf(type: string): number {
  const known = Object.hasOwn(CLAUDE_STATUSES, type) ? CLAUDE_STATUSES[type] : undefined;
  return known ?? UNKNOWN_ROW_STATUS;
}

const PLAIN_DENIALS: ReadonlySet<string> = new Set(['permission_error', 'http_403']);

/** A 403 that names nothing: neither the bill nor a state of the organisation. */
const isPlainDenial = plainDenial(PLAIN_DENIALS, ACCOUNT_TEXT);

/** Requests are not uploaded: the create call contains them. */
const RULES: readonly ErrorRule<'create' | 'read'>[] = [
  UNCLEAR_ANSWER,
  { when: isPlainDenial, create: FORBIDDEN.create, read: FORBIDDEN.read },
  {
    // Before 400 and 429: an empty balance and a spent budget come as either.
    when: ({ codes, message }) => isAboutAccount(codes, message),
    create: 'account',
    read: 'account',
  },
  {
    when: ({ status }) => status === 401 || status === 402 || status === 403,
    create: 'account',
    read: 'account',
  },
  {
    when: ({ status, message }) => status === 404 && /\bmodel\b/i.test(message),
    create: 'permanent',
    read: 'missing',
  },
  // The path does not exist: no batch can start at the entry's base URL.
  { when: ({ status }) => status === 404, create: 'account', read: 'missing' },
  { when: ({ status }) => status === 429, create: 'quota', read: 'transient' },
];

export const classify = classifierOf({
  provider: 'Anthropic',
  rules: RULES,
  failureOf: apiFailureOf,
});
