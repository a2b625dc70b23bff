import { ProviderError, type ProviderErrorKind, RefusedError } from '../../batch/errors.ts';
import { shortReason } from '../../batch/reason.ts';
import { isAboutAccount, isQuota } from './codes.ts';
import { type Fault, faultOf } from './fault.ts';

/** `upload` leaves at most a file or a table of ours, `create` a paid job, `read` nothing. */
type Call = 'upload' | 'create' | 'read';

export interface Rule extends Record<Call, ProviderErrorKind> {
  readonly when: (fault: Fault) => boolean;
}

/** No definite answer: a create call may have been carried out all the same. */
const UNCLEAR: Rule = {
  when: ({ status = 0 }) => status < 400 || status === 408 || status === 409 || status >= 500,
  upload: 'transient',
  create: 'uncertain',
  read: 'transient',
};

/** Of other answers. The first rule that applies decides. */
const RULES: readonly Rule[] = [
  {
    // Before 400 and 429: a wrong key, spent credits and a project without billing come as either.
    when: ({ codes, message }) => isAboutAccount(codes, message),
    upload: 'account',
    create: 'account',
    read: 'account',
  },
  {
    // Before 403, as which the older APIs send it.
    when: ({ status, codes }) => status === 429 || isQuota(codes),
    upload: 'transient',
    create: 'quota',
    read: 'transient',
  },
  {
    when: ({ status }) => status === 401 || status === 403,
    upload: 'account',
    create: 'account',
    read: 'account',
  },
];

/** What a failed call means. The reason names the call and what Google said. */
export type Classify = (error: unknown, call: Call) => ProviderError;

/**
 * @param provider for the reason, such as `Gemini`
 * @param missing what that service says of what is not there, and what it means; it comes before
 * the account, since it may look like a lack of permission
 */
export function classifierOf(provider: string, missing: Rule): Classify {
  const rules = [UNCLEAR, missing, ...RULES];
  return (error, call) => {
    if (error instanceof ProviderError) return error;
    // A line over the limit, or a request that the settings refuse since its inspection.
    if (error instanceof RefusedError) return new ProviderError('permanent', error.reason);
    const fault = faultOf(error);
    const kind = rules.find((rule) => rule.when(fault))?.[call] ?? 'permanent';
    const reason = shortReason(fault.codes[0], `${provider}, ${call}: ${fault.message}`);
    return new ProviderError(kind, reason, { cause: error });
  };
}
