import * as z from 'zod';
import { type FullQuota, type Reason, reasonSchema } from '../batch/errors.ts';
import { type Backoff, maxBackoffMs } from '../batch/policy.ts';
import { omitUndefined } from '../omitUndefined.ts';

/**
 * What a provider holds of one model, learned from refusals, since no API reports it. A refusal that
 * states its limit is believed. Otherwise, as in congestion control (RFC 5681), a refusal lowers the
 * limit to between what fits and what did not, and accepted jobs raise it step by step. Each refused
 * probe makes the next one rarer. Time raises every limit: see {@link limitAt}.
 */
export const learnedLimitSchema = z.object({
  /** Estimated tokens of all jobs together. Absent: not known. */
  tokens: z.number().nonnegative().optional(),
  /** Estimated tokens of one job: a larger batch is split. Absent: not known. */
  jobTokens: z.number().positive().optional(),
  /** Requests of all jobs together, as the provider states it. Absent: not known. */
  requests: z.number().positive().optional(),
  /** Tokens of all jobs together, as the provider states and counts them. */
  statedTokens: z.number().positive().optional(),
  /** Our estimated tokens for each token that the provider states: a margin for its other counting. */
  margin: z.number().positive().optional(),
  /** Estimated tokens of the smallest job that was accepted. No limit is lower. */
  smallestAccepted: z.number().nonnegative().optional(),
  /** How often the limit of one job was halved since a job was accepted. */
  halvings: z.number().int().nonnegative().optional(),
  /** Time of the last refusal, in milliseconds since 1970. */
  refusedAt: z.number().optional(),
  /** From when the next day without a refusal counts. Absent: a version without it wrote the limit. */
  steadySince: z.number().optional(),
  /** Jobs that the provider accepted since the last refusal or the last raise. */
  accepted: z.number().int().nonnegative(),
  /** Accepted jobs after which the next probe raises the limit. */
  probeAfter: z.number().int().positive(),
  /** Whether the limit was raised by a probe that no refusal has followed. */
  probed: z.boolean(),
  /** The wait after refusals of this model. It is kept until a job that was sent after it is accepted. */
  cooldown: z
    .object({
      reason: reasonSchema,
      /** When it began, in milliseconds since 1970. */
      since: z.number(),
      /** When it ends, in milliseconds since 1970. */
      until: z.number(),
      /** Refusals in a row. They lengthen the backoff. */
      refusals: z.number().int().positive(),
      /** Estimated tokens of the smallest job that was refused. */
      tokens: z.number().nonnegative(),
    })
    .optional(),
});
export type LearnedLimit = z.infer<typeof learnedLimitSchema>;

/** Jobs that may await the provider's first answer before it has accepted any. */
const FIRST_JOBS = 8;
const FIRST_PROBE_AFTER = 16;
const RAREST_PROBE_AFTER = 1_024;
/** Providers count other tokens than the estimate does, those of a tool's description for example. */
const FIRST_MARGIN = 0.9;
/** A provider that seems to count eight times as many tokens as the estimate is full of others' jobs. */
const LOWEST_MARGIN = FIRST_MARGIN / 8;
/** A job of a 64th of the first one that was refused is not refused for its size. */
const MAX_HALVINGS = 6;
/** Every limit doubles when no refusal has confirmed it for so long: accounts are raised, too. */
const RECOVERY_MS = 24 * 60 * 60 * 1000;

export const UNKNOWN_LIMIT: LearnedLimit = {
  accepted: 0,
  probeAfter: FIRST_PROBE_AFTER,
  probed: false,
};

/** The limit as it is to be believed now: doubled for each day without a refusal. */
export function limitAt(limit: LearnedLimit, now: number): LearnedLimit {
  const { tokens, jobTokens, requests, steadySince, accepted } = limit;
  if (tokens === undefined && jobTokens === undefined && requests === undefined) return limit;
  if (steadySince === undefined) return { ...UNKNOWN_LIMIT, accepted };
  const days = Math.floor((now - steadySince) / RECOVERY_MS);
  if (days <= 0) return limit;
  const grown = (value: number | undefined) => value && value * 2 ** Math.min(days, 30);
  const raised = { tokens: grown(tokens), jobTokens: grown(jobTokens), requests: grown(requests) };
  return { ...limit, ...omitUndefined(raised), steadySince: steadySince + days * RECOVERY_MS };
}

/** A job that was refused for quota, and what was at the provider beside it. */
export interface RefusedJob {
  readonly tokens: number;
  readonly requests: number;
  /** Estimated tokens of the model's other jobs, and of those that the provider has accepted. */
  readonly beside: { readonly tokens: number; readonly accepted: number };
  /** What the refusal says. Absent: the provider does not say which quota is full. */
  readonly quota?: FullQuota | undefined;
  /**
   * Whether the provider, or the model, is cooling down already. Of several jobs that were sent
   * together each refusal lowers the limit, but only the first counts as a refusal.
   */
  readonly isRepeated: boolean;
  /** Whether another job was refused before, and none was accepted since. */
  readonly isInRow: boolean;
}

/** The limit after a refusal. */
export function lowerLimit(given: LearnedLimit, job: RefusedJob, now: number): LearnedLimit {
  const limit = limitAt(given, now);
  const noted = { ...limit, ...probingAfter(limit, job), refusedAt: now, steadySince: now };
  const { of = 'tokens', limit: stated } = job.quota ?? {};
  if (stated === undefined) return { ...noted, ...guess(limit, job) };
  if (of === 'requests') return { ...noted, requests: stated };
  const margin = marginAfter(limit, job, stated);
  const tokens = Math.max(stated * margin, job.beside.accepted, limit.smallestAccepted ?? 0);
  return { ...noted, tokens, jobTokens: tokens, statedTokens: stated, margin };
}

function probingAfter(limit: LearnedLimit, { isRepeated, beside }: RefusedJob) {
  if (isRepeated) return { accepted: 0 };
  // A job that was alone shows how large a job may be, not how many fit.
  const first = beside.tokens === 0 ? 1 : FIRST_PROBE_AFTER;
  const rarer = Math.min(limit.probeAfter * 2, RAREST_PROBE_AFTER);
  return { accepted: 0, probeAfter: limit.tokens === undefined ? first : rarer, probed: false };
}

/**
 * A job that should fit by the provider's own limit, and is refused although it waited, is larger
 * than estimated. Its first refusal may come from jobs of others, who use the same account.
 */
function marginAfter(limit: LearnedLimit, job: RefusedJob, stated: number): number {
  const { margin = FIRST_MARGIN, statedTokens } = limit;
  if (statedTokens !== stated) return FIRST_MARGIN;
  const shouldFit = job.beside.tokens + job.tokens <= stated * margin;
  const isLarger = shouldFit && job.isInRow && !job.isRepeated;
  return isLarger ? Math.max(margin / 2, LOWEST_MARGIN) : margin;
}

/** The true limit lies between what is in flight and that with the refused job: half way is tried. */
function guess(limit: LearnedLimit, job: RefusedJob): Partial<LearnedLimit> {
  const { tokens = Number.POSITIVE_INFINITY, smallestAccepted = 0, halvings = 0 } = limit;
  const { beside, quota } = job;
  const middle = beside.tokens + job.tokens / 2;
  const lowest = Math.max(beside.accepted, smallestAccepted, 1);
  if (beside.tokens > 0) return { tokens: Math.max(Math.min(tokens, middle), lowest) };
  // Calls can be too many, or others may use the quota: one refusal does not show that this job
  // alone is too large, unless it says so. And a single request cannot be made smaller.
  const isTooLarge = (quota !== undefined || job.isInRow) && !job.isRepeated;
  if (!isTooLarge || job.requests < 2 || halvings >= MAX_HALVINGS) return {};
  const jobTokens = Math.max(middle, lowest);
  return { tokens: jobTokens, jobTokens, halvings: halvings + 1 };
}

/**
 * The limit after the provider accepted a job.
 *
 * @param job `tokens` as estimated; `submittedAt` in milliseconds since 1970
 */
export function raiseLimit(
  given: LearnedLimit,
  job: { readonly tokens: number; readonly submittedAt: number },
  now: number,
): LearnedLimit {
  const limit = limitAt(given, now);
  const { cooldown, smallestAccepted = job.tokens } = limit;
  const isOver = !cooldown || job.submittedAt > cooldown.since || now >= cooldown.until;
  const noted = omitUndefined({
    ...limit,
    ...probe(limit, job.tokens),
    smallestAccepted: Math.min(smallestAccepted, job.tokens),
    jobTokens: limit.jobTokens && Math.max(limit.jobTokens, job.tokens),
    halvings: undefined,
    cooldown: isOver ? undefined : cooldown,
  });
  return noted as LearnedLimit;
}

function probe(limit: LearnedLimit, tokens: number): Partial<LearnedLimit> {
  const accepted = limit.accepted + 1;
  const needsNoProbe = limit.tokens === undefined || limit.statedTokens !== undefined;
  if (needsNoProbe || accepted < limit.probeAfter) return { accepted };
  // The last probe was not refused: the real limit may be far higher, so probe sooner.
  const probeAfter = limit.probed
    ? Math.max(1, Math.floor(limit.probeAfter / 2))
    : limit.probeAfter;
  return { tokens: (limit.tokens ?? 0) + tokens, accepted: 0, probeAfter, probed: true };
}

/** Nothing of the model starts for a time that doubles with each refusal in a row. */
export function coolDown(
  limit: LearnedLimit,
  { tokens, reason }: { readonly tokens: number; readonly reason: Reason },
  backoff: Backoff,
  now: number,
): LearnedLimit {
  const { cooldown } = limit;
  const smallest = Math.min(tokens, cooldown?.tokens ?? tokens);
  if (cooldown && now < cooldown.until)
    return { ...limit, cooldown: { ...cooldown, tokens: smallest } };
  const refusals = (cooldown?.refusals ?? 0) + 1;
  const until = now + maxBackoffMs(backoff, refusals - 1);
  return { ...limit, cooldown: { reason, since: now, until, refusals, tokens: smallest } };
}

/**
 * How many jobs of the model may await the provider's first answer: as many as it has accepted. So
 * an unknown limit is approached by doubling, and not by sending everything at once.
 */
export function maxPending({ accepted }: LearnedLimit): number {
  return Math.max(FIRST_JOBS, accepted);
}

/** For people: what was learned, such as `81,000 enqueued tokens`. Undefined: nothing. */
export function limitText({ tokens, requests, statedTokens }: LearnedLimit): string | undefined {
  const number = (value: number) => Math.floor(value).toLocaleString('en-US');
  const parts = [
    tokens !== undefined && `about ${number(tokens)} enqueued tokens`,
    requests !== undefined && `${number(requests)} enqueued requests`,
  ].filter((part) => part !== false);
  if (parts.length === 0) return undefined;
  const stated = statedTokens === undefined ? '' : ` (the provider says ${number(statedTokens)})`;
  return parts.join(' and ') + stated;
}
