/** Words of OpenAI's API errors and of a failed batch's `errors`, by what they mean for us. */

/** Somebody must act on the account: waiting or sending again changes nothing. */
export const ACCOUNT_CODES: ReadonlySet<string> = new Set([
  'insufficient_quota',
  'billing_hard_limit_reached',
  'billing_not_active',
  'account_deactivated',
  'access_terminated',
  'organization_deactivated',
  'invalid_api_key',
  'invalid_organization',
  'mismatched_organization',
  'mismatched_project',
  'unsupported_country_region_territory',
  // The file store is full: files must be deleted, and none disappears by waiting a little.
  'quotaExceeded',
  'file_storage_quota_exceeded',
]);

/** Full for now; the job was not taken on. */
const QUOTA_CODES: ReadonlySet<string> = new Set(['token_limit_exceeded']);

/** The same input would be refused again. */
export const PERMANENT_CODES: ReadonlySet<string> = new Set([
  'batch_too_large',
  'duplicate_custom_id',
  'empty_batch',
  'empty_file',
  'input_modified',
  'input_no_permissions',
  'mismatched_model',
  'missing_required_parameter',
  'model_mismatch',
  'model_not_found',
  'too_many_tasks',
  'unsupported_file',
  'url_mismatch',
]);

/** Whether it says that the enqueued-token limit is reached, which also comes without a code. */
export function isQuota(code: string, message: string): boolean {
  return QUOTA_CODES.has(code) || /enqueued token limit/i.test(message);
}
