import { APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai';
import { saturated } from '../../batch/bounds.ts';
import type { FullQuota } from '../../batch/errors.ts';
import { NO_USABLE_ANSWER } from '../../batch/errors.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import {
  ACCOUNT_REFUSED,
  type ApiFailure,
  type Classify,
  classifierOf,
  type ErrorRule,
  FORBIDDEN,
  messageWithCause,
  systemCodeOf,
  UNCLEAR_ANSWER,
} from '../errors.ts';

/** Reads whatever the SDK, its fetch or the file system threw. */
export function apiFailureOf(error: unknown): ApiFailure {
  const { status, param } =
    error instanceof APIError ? error : { status: undefined, param: undefined };
  const message = messageWithCause(error);
  return { status, codes: [codeOf(error, status)], message, param: param ?? undefined };
}

function codeOf(error: unknown, status: number | undefined): string {
  if (error instanceof APIConnectionTimeoutError || error instanceof APIUserAbortError)
    return 'timeout';
  if (error instanceof APIError && status !== undefined)
    return innerCodeOf(error) ?? error.code ?? error.type ?? `http_${status}`;
  return systemCodeOf(error) ?? NO_USABLE_ANSWER;
}

/** Azure's code names a class of errors, such as BadRequest; an inner code names the error. */
function innerCodeOf({ error }: APIError): string | undefined {
  const { innererror, inner_error: inner = innererror } = (error ?? {}) as Record<string, unknown>;
  const code = (inner as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && code !== '' ? code : undefined;
}

/** Codes of OpenAI's API errors, of a failed batch's `errors` and of rows. */

/**
 * Somebody must act on the account: neither waiting nor sending again helps.
 * https://developers.openai.com/api/docs/guides/error-codes
 */
const ACCOUNT_CODES: ReadonlySet<string> = new Set([
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

/** Messages of a key that may not do this, which come with codes of many kinds or without one. */
const ACCOUNT_TEXT =
  /insufficient permissions for this operation|missing scopes|exceeded your current quota|incorrect api key/i;

/** A service whose refusals are read as OpenAI's are, and who has words of its own for some. */
export interface ServiceWords {
  /** For reasons, such as `Mistral`. */
  readonly name: string;
  /** Of a refusal of the account. Default: only OpenAI's words and codes. */
  readonly account?: RegExp;
  /** Of a refusal because too much is enqueued. Default: only OpenAI's words and codes. */
  readonly quota?: RegExp;
  /** Of a job that failed because of its input, where there is no code. Default: none. */
  readonly input?: RegExp;
}

export const OPENAI_WORDS: ServiceWords = { name: 'OpenAI' };

/** Whether an error is about the account. */
export function isAboutAccount(
  codes: readonly string[],
  message: string,
  { account }: ServiceWords = OPENAI_WORDS,
): boolean {
  const isNamed = codes.some((code) => ACCOUNT_CODES.has(code));
  return isNamed || ACCOUNT_TEXT.test(message) || (account?.test(message) ?? false);
}

/** Whether an error is about a model that the project or the key may not use. */
export function isAboutModelAccess(message: string): boolean {
  return /does not have access to model/i.test(message);
}

/** Files must be deleted. Ours are, when their job has ended and when they expire. */
const FULL_STORE_CODES: ReadonlySet<string> = new Set([
  'quotaExceeded',
  'file_storage_quota_exceeded',
]);

/** The provider is full for now and did not take the job. */
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

/**
 * Whether the limit of enqueued tokens or that of enqueued requests is reached. OpenAI reports both
 * with other codes or none, so the words count. They are, of OpenAI and of Azure:
 * "Enqueued token limit reached for <model> in organization <id>. Limit: 90,000 enqueued tokens."
 * https://github.com/openai/openai-python/issues/2084
 * "Enqueued request limit reached for …. Limit: 1,000,000 enqueued requests."
 * https://community.openai.com/t/1002388
 * "The number of enqueued tokens has surpassed the configured limit of 30K for the deployment …."
 * https://learn.microsoft.com/en-us/answers/questions/2285577
 */
export function isAboutQuota(
  code: string,
  message: string,
  { quota }: ServiceWords = OPENAI_WORDS,
): boolean {
  return QUOTA_CODES.has(code) || ENQUEUED_LIMIT.test(message) || (quota?.test(message) ?? false);
}

const ENQUEUED_LIMIT =
  /enqueued (token|request)s? limit|number of enqueued (token|request)s has surpassed|token_limit_exceeded/i;

const STATED_LIMIT = /\blimit(?::| of)\s*(\d[\d,]*(?:\.\d+)?)\s*([kmb]\b)?/i;
const UNITS: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, b: 1e9 };

/** The quota that a refusal for quota names; undefined for one of calls, such as a plain 429. */
export function fullQuotaOf(code: string, message: string): FullQuota | undefined {
  if (!isAboutQuota(code, message)) return undefined;
  const of = /enqueued requests?\b/i.test(message) ? 'requests' : 'tokens';
  const [, number = '', unit = ''] = STATED_LIMIT.exec(message) ?? [];
  const limit = saturated(Number(number.replaceAll(',', '')) * (UNITS[unit.toLowerCase()] ?? 1));
  return omitUndefined({ of, limit: limit > 0 ? limit : undefined } as const);
}

/** Parameters of a create call that name its input file. */
const FILE_PARAMS: ReadonlySet<string | undefined> = new Set(['file_id', 'input_file_id']);
const UNREADY_CODES: ReadonlySet<string> = new Set(['unexpectedEntityState']);
const UNREADY_TEXT =
  /in '?(pending|running)'? state|only files with status|file\b.*\b(not (yet )?been processed|not (yet )?processed|not ready)/i;

/**
 * Whether a create call was refused because its file, which was just uploaded, is not visible or not
 * processed yet. Azure OpenAI processes files for seconds to minutes:
 * https://learn.microsoft.com/answers/questions/2203029, https://github.com/openai/openai-dotnet/issues/312
 */
export function isFileUnready({ status, codes, message, param }: ApiFailure): boolean {
  if (status !== 400 && status !== 404) return false;
  const isUnknown = FILE_PARAMS.has(param) || (status === 404 && /\bfile\b/i.test(message));
  return isUnknown || UNREADY_CODES.has(codes[0]) || UNREADY_TEXT.test(message);
}

/** Whether the account cannot keep another file. */
export function isStoreFull(code: string, message: string): boolean {
  return FULL_STORE_CODES.has(code) || /storage (quota|limit)|quota for files/i.test(message);
}

/**
 * Whether the model is no deployment of the Azure resource. Then the set-up is wrong, not the batch,
 * and of a new deployment it may pass: https://github.com/MicrosoftDocs/azure-docs/issues/114013
 */
export function isNoDeployment(code: string): boolean {
  return code === 'DeploymentNotFound';
}

/** "API version not supported", of Azure: https://github.com/hotovo/aider-desk/issues/460 */
function isVersionRefused({ status, message }: Pick<ApiFailure, 'status' | 'message'>): boolean {
  return status === 400 && /\bapi[- ]versions?\b/i.test(message);
}

function rulesOf(words: ServiceWords): readonly ErrorRule[] {
  return [
    UNCLEAR_ANSWER,
    {
      when: ({ codes, message }) =>
        isAboutAccount(codes, message, words) || isStoreFull(codes[0], message),
      ...ACCOUNT_REFUSED,
    },
    {
      when: ({ codes: [code], message }) => isAboutQuota(code, message, words),
      upload: 'quota',
      create: 'quota',
      read: 'transient',
    },
    {
      when: (failure) => isNoDeployment(failure.codes[0]) || isVersionRefused(failure),
      upload: 'account',
      create: 'account',
      read: 'missing',
    },
    {
      // Before 403: a model that this project may not use is a fault of the batch, not the account.
      when: ({ codes: [code] }) => PERMANENT_CODES.has(code),
      upload: 'permanent',
      create: 'permanent',
      read: 'permanent',
    },
    { when: ({ status }) => status === 401 || status === 402, ...ACCOUNT_REFUSED },
    { when: ({ status }) => status === 403, ...FORBIDDEN },
    { when: isFileUnready, upload: 'permanent', create: 'transient', read: 'missing' },
    {
      when: ({ status, message }) => status === 404 && /\b(model|deployment)\b/i.test(message),
      upload: 'permanent',
      create: 'permanent',
      read: 'missing',
    },
    // The path does not exist, so no batch can start: the base URL or API version of the entry is wrong.
    { when: ({ status }) => status === 404, upload: 'account', create: 'account', read: 'missing' },
    {
      when: ({ status }) => status === 429,
      upload: 'transient',
      create: 'quota',
      read: 'transient',
    },
  ];
}

const FULL_STORE_FIX =
  ': the file store is full, so delete files there that nobody needs; batches go on by themselves';

const NO_PATH_FIX =
  ": the service has no such path, so correct the baseUrl (and the apiVersion, if there is one) of the entry's settings";

const NO_DEPLOYMENT_FIX =
  ": the resource has no such deployment, so create it, or correct the models of the entry's settings; its batches go on by themselves";

const VERSION_FIX = ": correct the apiVersion of the entry's settings, or leave it out";

/** Classifies what the client of such a service threw. */
export function serviceClassifier(words: ServiceWords): Classify {
  return classifierOf({
    provider: words.name,
    rules: rulesOf(words),
    failureOf: apiFailureOf,
    fixOf({ status, codes: [code], message }, call) {
      if (isStoreFull(code, message)) return FULL_STORE_FIX;
      if (isNoDeployment(code)) return NO_DEPLOYMENT_FIX;
      if (isVersionRefused({ status, message })) return VERSION_FIX;
      return status === 404 && call === 'upload' ? NO_PATH_FIX : '';
    },
    quotaOf: ({ codes: [code], message }) => fullQuotaOf(code, message),
  });
}

export const classify = serviceClassifier(OPENAI_WORDS);
