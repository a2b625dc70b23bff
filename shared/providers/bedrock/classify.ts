import { ProviderError, type ProviderErrorKind, RefusedError } from '../../batch/errors.ts';
import { shortReason } from '../../batch/reason.ts';
import { ACCOUNT_CODES, isAboutAccess, isAboutInput, isAboutQuota, QUOTA_CODES } from './codes.ts';
import { type Fault, faultOf } from './fault.ts';

/** `upload` leaves at most an object of ours, `create` a paid job, `read` nothing. */
export type Call = 'upload' | 'create' | 'read';

interface Rule extends Record<Call, ProviderErrorKind> {
  readonly when: (fault: Fault) => boolean;
}

/** The first rule that applies decides. */
const RULES: readonly Rule[] = [
  {
    // Before any call is sent: there are no credentials to sign it with.
    when: ({ code }) => code === 'CredentialsProviderError',
    upload: 'account',
    create: 'account',
    read: 'account',
  },
  {
    // No definite answer: a create call may have been carried out all the same. A conflict says
    // that a job of this name exists, or is just being made.
    when: ({ status = 0, code }) =>
      status < 400 || [408, 409].includes(status) || status >= 500 || code === 'ConflictException',
    upload: 'transient',
    create: 'uncertain',
    read: 'transient',
  },
  {
    when: ({ status, code }) => status === 429 || QUOTA_CODES.has(code),
    upload: 'transient',
    create: 'quota',
    read: 'transient',
  },
  {
    when: ({ status, code, message }) =>
      status === 401 || status === 403 || ACCOUNT_CODES.has(code) || isAboutAccess(message),
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
    when: ({ message }) => isAboutQuota(message) && !isAboutInput(message),
    upload: 'transient',
    create: 'quota',
    read: 'transient',
  },
];

/** What a failed call means. The reason names the call and what AWS said. */
export function classify(error: unknown, call: Call): ProviderError {
  if (error instanceof ProviderError) return error;
  // A line over the limit, a request that was changed since its inspection, a bucket that we may
  // not read: none will be otherwise the next time.
  if (error instanceof RefusedError) return new ProviderError('permanent', error.reason);
  const fault = faultOf(error);
  const kind = RULES.find((rule) => rule.when(fault))?.[call] ?? 'permanent';
  const reason = shortReason(fault.code, `Bedrock, ${call}: ${fault.message}`);
  return new ProviderError(kind, reason, { cause: error });
}
