import * as z from 'zod';

/**
 * The limit of enqueued tokens of one model, learned from refusals, since no API reports it. As in
 * congestion control (RFC 5681) a refusal lowers it to what is known to fit and accepted jobs raise
 * it step by step. Each refused probe makes the next one rarer.
 */
export const tokenLimitSchema = z.object({
  /** Estimated tokens in flight at the last refusal. Absent: no refusal yet. */
  tokens: z.number().nonnegative().optional(),
  /** Jobs that the provider accepted since. */
  accepted: z.number().int().nonnegative(),
  /** Accepted jobs after which the next probe raises the limit. */
  probeAfter: z.number().int().positive(),
  /** Whether the limit was raised by a probe that no refusal has followed. */
  probed: z.boolean(),
});
export type TokenLimit = z.infer<typeof tokenLimitSchema>;

/** Jobs that may await the provider's first answer before it has accepted any. */
const FIRST_JOBS = 8;
const FIRST_PROBE_AFTER = 16;
const RAREST_PROBE_AFTER = 1_024;

export const UNKNOWN_TOKEN_LIMIT: TokenLimit = {
  accepted: 0,
  probeAfter: FIRST_PROBE_AFTER,
  probed: false,
};

/**
 * The limit after a refusal.
 *
 * @param tokens tokens of the model that were in flight beside the refused job
 * @param isRepeated whether the provider is cooling down already. Of several jobs that were sent
 *   together each refusal lowers the limit, but only the first makes probes rarer
 */
export function lowerTokenLimit(
  limit: TokenLimit,
  tokens: number,
  isRepeated: boolean,
): TokenLimit {
  const lowest = Math.min(tokens, limit.tokens ?? Number.POSITIVE_INFINITY);
  if (isRepeated) return { ...limit, tokens: lowest, accepted: 0 };
  const probeAfter =
    limit.tokens === undefined
      ? FIRST_PROBE_AFTER
      : Math.min(limit.probeAfter * 2, RAREST_PROBE_AFTER);
  return { tokens: lowest, accepted: 0, probeAfter, probed: false };
}

/**
 * The limit after the provider accepted a job.
 *
 * @param tokens tokens of that job, by which a probe raises the limit
 */
export function raiseTokenLimit(limit: TokenLimit, tokens: number): TokenLimit {
  const accepted = limit.accepted + 1;
  if (limit.tokens === undefined || accepted < limit.probeAfter) return { ...limit, accepted };
  // The last probe was not refused: the real limit may be far higher, so probe sooner.
  const probeAfter = limit.probed
    ? Math.max(FIRST_PROBE_AFTER, Math.floor(limit.probeAfter / 2))
    : limit.probeAfter;
  return { tokens: limit.tokens + tokens, accepted: 0, probeAfter, probed: true };
}

/**
 * How many jobs of the model may await the provider's first answer: as many as it has accepted. So
 * an unknown limit is approached by doubling, and not by sending everything at once.
 */
export function maxPending({ accepted }: TokenLimit): number {
  return Math.max(FIRST_JOBS, accepted);
}
