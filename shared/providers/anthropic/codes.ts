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

/**
 * HTTP statuses of a row's error by its type. A type of another day is taken for a fault of the
 * server: only what is known to be wrong with a request keeps it from running again.
 */
const ROW_STATUSES: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};
const OTHER_ROW_STATUS = 500;

export function rowStatusOf(type: string): number {
  return (Object.hasOwn(ROW_STATUSES, type) ? ROW_STATUSES[type] : undefined) ?? OTHER_ROW_STATUS;
}
