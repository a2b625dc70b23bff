import { ProviderError, type ProviderErrorKind } from '../../batch/errors.ts';
import { shortReason } from '../../batch/reason.ts';
import { isAccount } from './codes.ts';
import { type Fault, faultOf } from './fault.ts';

/** `create` may leave a paid job, `read` leaves nothing. */
export type Call = 'create' | 'read';

interface Rule extends Record<Call, ProviderErrorKind> {
  readonly when: (fault: Fault) => boolean;
}

/** The first rule that applies decides. */
const RULES: readonly Rule[] = [
  {
    // No definite answer: a create call may have been carried out all the same.
    when: ({ status = 0 }) => status < 400 || status === 408 || status === 409 || status >= 500,
    create: 'uncertain',
    read: 'transient',
  },
  {
    // Before 400 and 429: an empty balance and a spent budget come as either.
    when: ({ codes, message }) => isAccount(codes, message),
    create: 'account',
    read: 'account',
  },
  {
    when: ({ status }) => status === 401 || status === 402 || status === 403,
    create: 'account',
    read: 'account',
  },
  { when: ({ status }) => status === 404, create: 'permanent', read: 'missing' },
  { when: ({ status }) => status === 429, create: 'quota', read: 'transient' },
];

/** What a failed call means. The reason names the call and what Anthropic said. */
export function classify(error: unknown, call: Call): ProviderError {
  if (error instanceof ProviderError) return error;
  const fault = faultOf(error);
  const kind = RULES.find((rule) => rule.when(fault))?.[call] ?? 'permanent';
  const reason = shortReason(fault.codes[0], `Anthropic, ${call}: ${fault.message}`);
  return new ProviderError(kind, reason, { cause: error });
}
