import { type FullQuota, ProviderError, type Reason } from '../../../shared/batch/errors.ts';
import { omitUndefined } from '../../../shared/omitUndefined.ts';
import type { Random } from '../random.ts';

/** What an account holds at once, over all jobs that have not ended. */
export interface AccountQuota {
  readonly requests: number;
  /** What a refusal says: the limit, only that a quota is full, or not even that. */
  readonly tells: 'tokens' | 'requests' | 'no limit' | 'nothing';
  /** Whether a job is created and fails in validation, instead of being refused at once. */
  readonly isLate: boolean;
  /** Until then others fill it: every job is refused. */
  readonly fullUntil: number;
}

const DAY = 24 * 3_600_000;

/** The provider's own counting, which differs from the estimate. */
const TOKENS_PER_REQUEST = 25;

export function drawQuota(
  random: Random,
  start: number,
  isCertain = false,
): AccountQuota | undefined {
  if (!random.chance(isCertain ? 1 : 0.03)) return undefined;
  return {
    requests: 1 + random.int(3),
    tells: random.pick(['tokens', 'requests', 'no limit', 'nothing']),
    isLate: random.chance(0.5),
    fullUntil: random.chance(0.5) ? start + random.between(0, DAY) : start,
  };
}

/** Why a job is refused that does not fit. */
export function quotaReason({ requests, tells }: AccountQuota): Reason {
  const told: Partial<Record<AccountQuota['tells'], FullQuota>> = {
    tokens: { of: 'tokens', limit: requests * TOKENS_PER_REQUEST },
    requests: { of: 'requests', limit: requests },
    'no limit': { of: 'tokens' },
  };
  return { code: 'quota', message: 'simulated', ...omitUndefined({ quota: told[tells] }) };
}

export function quotaRefusal(quota: AccountQuota): ProviderError {
  return new ProviderError('quota', quotaReason(quota));
}
