import { ProviderError, type ProviderErrorKind } from '../../batch/errors.ts';
import { shortReason } from '../../batch/reason.ts';
import { ACCOUNT_CODES, isQuota, isStoreFull, PERMANENT_CODES } from './codes.ts';
import { type Fault, faultOf } from './fault.ts';

/** `upload` leaves at most a file that expires, `create` a paid job, `read` nothing. */
export type Call = 'upload' | 'create' | 'read';

interface Rule extends Record<Call, ProviderErrorKind> {
  readonly when: (fault: Fault) => boolean;
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
  const fault = faultOf(error);
  const kind = RULES.find((rule) => rule.when(fault))?.[call] ?? 'permanent';
  const fix = isStoreFull(fault.code, fault.message) ? FULL_STORE_FIX : '';
  const reason = shortReason(fault.code, `OpenAI, ${call}: ${fault.message}${fix}`);
  return new ProviderError(kind, reason, { cause: error });
}
