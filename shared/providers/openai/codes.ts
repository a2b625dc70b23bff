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
]);

/** Files must be deleted: ours are, when a job has ended, and by their expiry. */
const FULL_STORE_CODES: ReadonlySet<string> = new Set([
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
  'invalid_json_line',
  'invalid_request',
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
  return QUOTA_CODES.has(code) || /enqueued token limit|token_limit_exceeded/i.test(message);
}

/** Whether it says that no further file can be kept. */
export function isStoreFull(code: string, message: string): boolean {
  return FULL_STORE_CODES.has(code) || /storage (quota|limit)|quota for files/i.test(message);
}
