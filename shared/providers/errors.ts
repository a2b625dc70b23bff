import * as z from 'zod';
import {
  type FullQuota,
  messageOf,
  NO_USABLE_ANSWER,
  ProviderError,
  type ProviderErrorKind,
  RefusedError,
  shortReason,
} from '../batch/errors.ts';
import { invalidLines } from '../invalid/text.ts';
import { withoutKeys } from '../invalid/withoutKeys.ts';
import { type RowError, UNREADABLE_ANSWER, UNUSABLE_ANSWER } from '../jsonl/rows.ts';
import { omitUndefined } from '../omitUndefined.ts';

/** A failed call, as rules classify it. */
export interface ApiFailure {
  /** HTTP status; undefined if no answer came, or an unreadable one. */
  readonly status: number | undefined;
  /** The provider's codes, the most specific first, or one of ours. */
  readonly codes: readonly [string, ...string[]];
  readonly message: string;
  /** The parameter that was refused, where the provider names one. */
  readonly param?: string | undefined;
}

/** What a call may leave behind: `upload` a file of ours, `create` a paid job, `read` nothing. */
export type Call = 'upload' | 'create' | 'read';

/** What a failure means, by the call that failed. Of a list of rules, the first that applies decides. */
export type ErrorRule<C extends Call = Call> = Readonly<Record<C | 'read', ProviderErrorKind>> & {
  when(failure: ApiFailure): boolean;
};

/** There is no definite answer: a create call may have been carried out all the same. */
export const UNCLEAR_ANSWER: ErrorRule = {
  when: ({ status = 0 }) => status < 400 || status === 408 || status === 409 || status >= 500,
  upload: 'transient',
  create: 'uncertain',
  read: 'transient',
};

/** Somebody must act on the account. For a rule's kinds. */
export const ACCOUNT_REFUSED = { upload: 'account', create: 'account', read: 'account' } as const;

/**
 * The call was refused without a word about the account, as with a plain 403. Of an upload or a
 * create call that is about the account. Of reading, it is about the one job or file that was read.
 */
export const FORBIDDEN = { upload: 'account', create: 'account', read: 'forbidden' } as const;

/**
 * Whether a 403 names nothing but what was called.
 *
 * @param plain codes that say no more than the status
 * @param accountText words about the account
 */
export function plainDenial(
  plain: ReadonlySet<string>,
  accountText: RegExp,
): (failure: ApiFailure) => boolean {
  return ({ status, codes, message }) =>
    status === 403 && codes.every((code) => plain.has(code)) && !accountText.test(message);
}

/**
 * The host's name does not exist, so nothing was sent: a wrong region, location or base URL. A name
 * server that is out of order answers EAI_AGAIN instead.
 */
const UNKNOWN_HOST: ErrorRule = {
  when: ({ codes: [code] }) => code === 'ENOTFOUND',
  upload: 'account',
  create: 'account',
  read: 'transient',
};
const UNKNOWN_HOST_FIX =
  ": no such host exists, so correct the region, location or baseUrl of the entry's settings";

/**
 * Classifies whatever a call threw. The reason names the call and the cause. `list` is a call that
 * reads the jobs of the account: if it is forbidden, no single job is to blame.
 */
export type Classify<C extends Call = Call> = (error: unknown, call: C | 'list') => ProviderError;

interface ClassifierOptions<C extends Call> {
  /** For the reason, such as `Gemini`. */
  readonly provider: string;
  readonly rules: readonly ErrorRule<C>[];
  /** Reads whatever the SDK, the connection or the file system threw. */
  readonly failureOf: (error: unknown) => ApiFailure;
  /** Appended to the reason's message. Default: nothing. */
  readonly fixOf?: (failure: ApiFailure, call: C | 'list') => string;
  /** The quota of the model that a refusal for quota names. Default: none. */
  readonly quotaOf?: (failure: ApiFailure) => FullQuota | undefined;
}

/** A failure to which no rule applies is permanent. */
export function classifierOf<C extends Call>(options: ClassifierOptions<C>): Classify<C> {
  const { provider, rules, failureOf, fixOf, quotaOf } = options;
  return (error, call) => {
    if (error instanceof ProviderError) return error;
    // SDKs wrap what fetching a token throws, before anything was sent.
    if (error instanceof Error && error.cause instanceof ProviderError) return error.cause;
    // A line over the limit, a request that the settings refuse since its inspection, or a bucket
    // that must not be read: the next call would fail alike.
    if (error instanceof RefusedError) return new ProviderError('permanent', error.reason);
    const failure = failureOf(error);
    const isUnknownHost = UNKNOWN_HOST.when(failure);
    const rule: ErrorRule<C> | undefined = isUnknownHost
      ? UNKNOWN_HOST
      : rules.find(({ when }) => when(failure));
    const fix = isUnknownHost ? UNKNOWN_HOST_FIX : (fixOf?.(failure, call) ?? '');
    const kind = rule?.[call === 'list' ? 'read' : call] ?? 'permanent';
    const isOfAccount = kind === 'forbidden' && call === 'list';
    const problem = error instanceof z.ZodError ? formProblem(error) : failure.message;
    const message = `${provider}, ${call}: ${withoutKeys(problem)}${fix}`;
    const quota = kind === 'quota' ? quotaOf?.(failure) : undefined;
    const reason = { ...shortReason(failure.codes[0], message), ...omitUndefined({ quota }) };
    return new ProviderError(isOfAccount ? 'account' : kind, reason, { cause: error });
  };
}

/** The message of a ZodError is JSON of many lines. Its first problem says enough, on one. */
function formProblem(error: z.ZodError): string {
  return `the answer has another form than it must have: ${invalidLines(error)[0]}`;
}

/** Makes a call and ignores failures of these kinds, such as deleting what does not exist. */
export async function ignoring(
  kinds: readonly ProviderErrorKind[],
  classify: Classify<'read'>,
  call: () => Promise<unknown>,
): Promise<void> {
  try {
    await call();
  } catch (error) {
    const failure = classify(error, 'read');
    if (!kinds.includes(failure.kind)) throw failure;
  }
}

/** Makes a call that reads; undefined if what it reads does not exist. */
export async function undefinedIfMissing<T>(
  classify: Classify<'read'>,
  call: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    const failure = classify(error, 'read');
    if (failure.kind === 'missing') return undefined;
    throw failure;
  }
}

/** Names of the errors of Node's fetch and AWS's HTTP client for a call that was aborted. */
const TIMEOUTS: ReadonlySet<string> = new Set(['AbortError', 'TimeoutError']);

export function isTimeout(error: unknown): boolean {
  return error instanceof Error && TIMEOUTS.has(error.name);
}

/** The code of a failed connection or file, such as ECONNRESET: that of the innermost cause. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const inner = systemCodeOf(error.cause);
  if (inner !== undefined) return inner;
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Such as `Connection error. (read ECONNRESET)`: the message alone would not say why. URLs are without
 * their queries, which may be the credentials of a storage.
 */
export function messageWithCause(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
  const message = cause === '' ? messageOf(error) : `${messageOf(error)} (${cause})`;
  return message.replace(/(https?:\/\/[^\s?]+)\?[^\s,)]*/g, '$1');
}

/**
 * An answer with a status of success that cannot be what the call returns. Most often it comes from
 * a gateway.
 *
 * @param call such as `Gemini, read`
 */
export function unusableAnswer(call: string, problem: string): ProviderError {
  return new ProviderError('transient', { code: NO_USABLE_ANSWER, message: `${call}: ${problem}` });
}

/** The translated requests of a batch exceed what one job may hold. */
export function batchTooLarge(provider: string, maxBytes: number): RefusedError {
  return new RefusedError({
    code: 'request_too_large',
    message: `as ${provider}'s requests, the batch has over ${maxBytes} bytes: split it, or lower the entry's limits.maxBytes`,
  });
}

/** The error of a row whose answer cannot be translated. Another try would cost the same again. */
export function unreadableAnswer(error: unknown): RowError {
  return { status: 422, code: UNREADABLE_ANSWER, message: messageOf(error) };
}

/**
 * The error of a row whose answer is malformed. The model may do better on another try, unless the
 * answer has a form that cannot be translated, which raises RefusedError.
 */
export function malformedAnswer(provider: string, error: unknown): RowError {
  if (error instanceof RefusedError) return unreadableAnswer(error);
  return { status: 502, code: UNUSABLE_ANSWER, message: `${provider}, row: ${messageOf(error)}` };
}

/** The status of a row's error that is not known to be permanent, so that the request runs again. */
export const UNKNOWN_ROW_STATUS = 500;
