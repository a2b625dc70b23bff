import { CLAUDE_STATUSES } from '../translation/anthropic/errorStatuses.ts';

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
