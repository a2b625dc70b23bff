import * as z from 'zod';

/**
 * What an entry has learned of a limit that no API tells: how much one model may have enqueued.
 * Pure additive increase, and a decrease to what was seen to fit, as in congestion control
 * (RFC 5681), with probes that become rarer with each that was refused.
 */
export const tokenLimitSchema = z.object({
  /** Estimated tokens that were in flight at the last refusal. Absent: there was none. */
  tokens: z.number().nonnegative().optional(),
  /** Jobs that the provider took on since. */
  accepted: z.number().int().nonnegative(),
  /** So many make it time to try one more. */
  probeAfter: z.number().int().positive(),
  /** Whether such a try stands: no refusal has followed it yet. */
  probed: z.boolean(),
});
export type TokenLimit = z.infer<typeof tokenLimitSchema>;

/** Jobs that may wait for the provider's first word, before anything is known of it. */
const FIRST_JOBS = 8;
const FIRST_PROBE_AFTER = 16;
const RAREST_PROBE_AFTER = 1_024;

export const UNKNOWN_TOKEN_LIMIT: TokenLimit = {
  accepted: 0,
  probeAfter: FIRST_PROBE_AFTER,
  probed: false,
};

/**
 * After a refusal.
 *
 * @param tokens of the model in flight beside the refused job
 * @param isRepeated the provider was held for a refusal already: of several jobs that were under
 *   way together, each lowers the ceiling, and the first alone makes probes rarer
 */
export function lowerTokenLimit(
  ceiling: TokenLimit,
  tokens: number,
  isRepeated: boolean,
): TokenLimit {
  const lowest = Math.min(tokens, ceiling.tokens ?? Number.POSITIVE_INFINITY);
  if (isRepeated) return { ...ceiling, tokens: lowest, accepted: 0 };
  const probeAfter =
    ceiling.tokens === undefined
      ? FIRST_PROBE_AFTER
      : Math.min(ceiling.probeAfter * 2, RAREST_PROBE_AFTER);
  return { tokens: lowest, accepted: 0, probeAfter, probed: false };
}

/**
 * After the provider has taken on a job.
 *
 * @param tokens of that job: what the ceiling rises by when it is time to probe
 */
export function raiseTokenLimit(ceiling: TokenLimit, tokens: number): TokenLimit {
  const accepted = ceiling.accepted + 1;
  if (ceiling.tokens === undefined || accepted < ceiling.probeAfter)
    return { ...ceiling, accepted };
  // The probe before this one was not refused: the limit may have been raised a good deal.
  const probeAfter = ceiling.probed
    ? Math.max(FIRST_PROBE_AFTER, Math.floor(ceiling.probeAfter / 2))
    : ceiling.probeAfter;
  return { tokens: ceiling.tokens + tokens, accepted: 0, probeAfter, probed: true };
}

/**
 * How many jobs of the model may be waiting for the provider's first word: as many again as it has
 * taken on, so that what is not known is felt for by doubling, not by sending everything there is.
 */
export function maxPending({ accepted }: TokenLimit): number {
  return Math.max(FIRST_JOBS, accepted);
}
