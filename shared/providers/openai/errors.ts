import { APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai';
import { ProviderError, type ProviderErrorKind, shortReason } from '../../batch/errors.ts';
import { messageWithCause, systemCodeOf } from '../http.ts';

/** What is known of a call that failed. */
export interface ApiFailure {
  /** HTTP status; absent if no answer came, or one that could not be read. */
  readonly status: number | undefined;
  /** OpenAI's code or type, or a word of ours. */
  readonly code: string;
  /** For people; no key in it. */
  readonly message: string;
}

/** Reads whatever the SDK, its fetch or the file system threw. */
export function apiFailureOf(error: unknown): ApiFailure {
  const status = error instanceof APIError ? error.status : undefined;
  return { status, code: codeOf(error, status), message: withoutKeys(messageWithCause(error)) };
}

function codeOf(error: unknown, status: number | undefined): string {
  if (error instanceof APIConnectionTimeoutError || error instanceof APIUserAbortError)
    return 'timeout';
  if (error instanceof APIError && status !== undefined)
    return innerCodeOf(error) ?? error.code ?? error.type ?? `http_${status}`;
  return systemCodeOf(error) ?? 'no_usable_answer';
}

/** Azure's codes tell a class of errors, such as BadRequest, and the inner one which it is. */
function innerCodeOf({ error }: APIError): string | undefined {
  const { innererror, inner_error: inner = innererror } = (error ?? {}) as Record<string, unknown>;
  const code = (inner as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && code !== '' ? code : undefined;
}

// OpenAI masks the key it refuses; a gateway in between may repeat it whole, or a token.
function withoutKeys(text: string): string {
  return text.replaceAll(/\bsk-[\w*-]+/g, 'sk-…').replaceAll(/\bBearer \S+/gi, 'Bearer …');
}

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

/** `upload` leaves at most a file that expires, `create` a paid job, `read` nothing. */
export type Call = 'upload' | 'create' | 'read';

interface Rule extends Record<Call, ProviderErrorKind> {
  readonly when: (fault: ApiFailure) => boolean;
}

/** The first rule that applies decides. */
const RULES: readonly Rule[] = [
  {
    // No definite answer: a create call may have been carried out all the same.
    when: ({ status = 0 }) => status < 400 || status === 408 || status === 409 || status >= 500,
    upload: 'transient',
    create: 'uncertain',
    read: 'transient',
  },
  {
    when: ({ code, message }) => ACCOUNT_CODES.has(code) || isStoreFull(code, message),
    upload: 'account',
    create: 'account',
    read: 'account',
  },
  {
    when: ({ code, message }) => isQuota(code, message),
    upload: 'quota',
    create: 'quota',
    read: 'transient',
  },
  {
    // Before 403: a model this project may not use is one batch's fault, not the account's.
    when: ({ code }) => PERMANENT_CODES.has(code),
    upload: 'permanent',
    create: 'permanent',
    read: 'permanent',
  },
  {
    when: ({ status }) => status === 401 || status === 403,
    upload: 'account',
    create: 'account',
    read: 'account',
  },
  {
    when: ({ status }) => status === 404,
    upload: 'permanent',
    create: 'permanent',
    read: 'missing',
  },
  {
    when: ({ status }) => status === 429,
    upload: 'transient',
    create: 'quota',
    read: 'transient',
  },
];

const FULL_STORE_FIX =
  ': the file store is full, so delete files there that nobody needs; batches go on by themselves';

/** What a failed call means. The reason names the call and what OpenAI said. */
export function classify(error: unknown, call: Call): ProviderError {
  if (error instanceof ProviderError) return error;
  // The SDK wraps what getting a token throws, before anything was sent.
  if (error instanceof Error && error.cause instanceof ProviderError) return error.cause;
  const fault = apiFailureOf(error);
  const kind = RULES.find((rule) => rule.when(fault))?.[call] ?? 'permanent';
  const fix = isStoreFull(fault.code, fault.message) ? FULL_STORE_FIX : '';
  const reason = shortReason(fault.code, `OpenAI, ${call}: ${fault.message}${fix}`);
  return new ProviderError(kind, reason, { cause: error });
}
