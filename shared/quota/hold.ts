import * as z from 'zod';
import { type Reason, reasonSchema } from '../batch/errors.ts';
import { type Backoff, maxBackoffMs } from '../batch/policy.ts';
import { omitUndefined } from '../omitUndefined.ts';

/** The job whose refusal began a block. The account may be refused, or only this model or this batch. */
export const blockingJobSchema = z.object({
  batchId: z.string(),
  /** `''` for a batch without one. */
  model: z.string(),
  /** Where the refusal was: of the job as a whole, or in the rows of its output. */
  seenIn: z.enum(['job', 'rows']),
});
export type BlockingJob = z.infer<typeof blockingJobSchema>;

/** Why no jobs are started for now: the provider is blocked (`account`) or cooling down (`quota`). */
export const holdSchema = z.object({
  kind: z.enum(['quota', 'account']),
  reason: reasonSchema,
  /** When it began, in milliseconds since 1970. Absent: a version without it wrote the hold. */
  since: z.number().optional(),
  /** Milliseconds since 1970. */
  until: z.number(),
  /** Refusals in a row. They lengthen the backoff. */
  refusals: z.number().int().positive(),
  /** Absent if another call was refused, such as reading: then no call can succeed. */
  job: blockingJobSchema.optional(),
  /** Models of which a batch was tried during this block. */
  tried: z.array(z.string()).optional(),
});
type Hold = z.infer<typeof holdSchema>;

/** A model or a batch that is refused while the provider accepts others. It alone waits. */
export const exclusionSchema = z.object({
  job: blockingJobSchema,
  /** Whether all batches of the model wait, and not only this one. */
  isWholeModel: z.boolean(),
  reason: reasonSchema,
  /** Time of the first refusal, in milliseconds since 1970. */
  since: z.number(),
  /** Milliseconds since 1970. */
  until: z.number(),
  /** Refusals in a row. They lengthen the backoff. */
  refusals: z.number().int().positive(),
});
export type Exclusion = z.infer<typeof exclusionSchema>;

/** Exclusions in a state, which must stay small. Without its own, a batch may block the provider again. */
export const MAX_EXCLUSIONS = 50;
/** So long after it ended, an exclusion still shows what another refusal of the same is about. */
const REMEMBERED_MS = 24 * 60 * 60 * 1000;
/**
 * Batches that are tried during a block. Two models, since the batches of the refused one may be the
 * first in the queue. An account that is really refused costs so many more refusals each time.
 */
const MAX_TRIED = 2;

/** The part of a provider's state that keeps batches waiting after refusals. */
interface Holds {
  readonly hold?: Hold | undefined;
  readonly exclusions?: Exclusion[] | undefined;
}

interface WaitingBatch {
  readonly batchId: string;
  readonly model?: string | undefined;
}

/** Whether the provider is blocked or cooling down. */
export function isUnavailable({ hold }: Holds, now: number): boolean {
  return hold !== undefined && now < hold.until;
}

/** Whether the provider is blocked: it refuses our account, or so it seems from one job. */
export function isBlocked(state: Holds, now: number): boolean {
  return state.hold?.kind === 'account' && isUnavailable(state, now);
}

/** Whether the provider refuses our account in whatever call, so that none can succeed. */
export function refusesCalls(state: Holds, now: number): boolean {
  return isBlocked(state, now) && state.hold?.job === undefined;
}

/** Models and batches that are refused by themselves, and wait now. */
export function exclusionsAt({ exclusions = [] }: Holds, now: number): readonly Exclusion[] {
  return exclusions.filter(({ until }) => now < until);
}

/** The exclusion for which a batch waits. */
export function exclusionOf(state: Holds, batch: WaitingBatch, now: number): Exclusion | undefined {
  return exclusionsAt(state, now).find((exclusion) => concerns(exclusion, batch));
}

function concerns({ isWholeModel, job }: Exclusion, { batchId, model = '' }: WaitingBatch) {
  return isWholeModel ? job.model === model : job.batchId === batchId;
}

/**
 * Whether a batch may be tried during a block, to see whether the refusal was about the account.
 * Refusals in rows show hours after a job was started, so nothing is tried for them.
 */
export function mayTryBlocked({ hold }: Holds, batch?: WaitingBatch): boolean {
  const { job, tried = [] } = hold ?? {};
  if (hold?.kind !== 'account' || job?.seenIn !== 'job' || tried.length >= MAX_TRIED) return false;
  return !batch || (batch.batchId !== job.batchId && !tried.includes(batch.model ?? ''));
}

/** Notes the models of the batches that were tried during a block. */
export function withTried<S extends Holds>(state: S, models: readonly string[], now: number): S {
  const { hold } = state;
  if (!hold || !isBlocked(state, now)) return state;
  return { ...state, hold: { ...hold, tried: [...(hold.tried ?? []), ...models] } };
}

/** Calls that were under way when the first one was refused may be refused too. They count once. */
export function withRefusal<S extends Holds>(
  state: S,
  refusal: Pick<Hold, 'kind' | 'reason' | 'job'>,
  backoff: Backoff,
  now: number,
): S {
  const { hold } = state;
  if (hold?.kind === refusal.kind && isUnavailable(state, now)) return state;
  const refusals = (hold?.refusals ?? 0) + 1;
  const until = now + maxBackoffMs(backoff, refusals - 1);
  return { ...state, hold: omitUndefined({ ...refusal, since: now, until, refusals }) };
}

interface AccountRefusal {
  readonly reason: Reason;
  /** Absent if another call than one for a job was refused. */
  readonly job?: BlockingJob | undefined;
}

/**
 * Blocks a provider that refuses our account, for longer with each refusal in a row. What is known
 * to be refused by itself waits by itself.
 */
export function withAccountRefusal<S extends Holds>(
  state: S,
  { reason, job }: AccountRefusal,
  backoff: Backoff,
  now: number,
): S {
  const { hold, exclusions = [] } = state;
  const known = job && exclusions.find((exclusion) => concerns(exclusion, job));
  if (known && now < known.until + REMEMBERED_MS) {
    if (now < known.until) return state;
    const refusals = known.refusals + 1;
    const until = now + maxBackoffMs(backoff, refusals - 1);
    const again = { ...known, reason, refusals, until };
    return withExclusions(state, [...exclusions.filter((each) => each !== known), again], now);
  }
  if (!job && hold?.job && isBlocked(state, now)) {
    const { job: _, tried: __, ...ofAllCalls } = hold;
    return { ...state, hold: { ...ofAllCalls, reason } };
  }
  return withRefusal(state, { kind: 'account', reason, job }, backoff, now);
}

function withExclusions<S extends Holds>(state: S, exclusions: Exclusion[], now: number): S {
  const remembered = exclusions.filter(({ until }) => now < until + REMEMBERED_MS);
  return { ...state, exclusions: remembered.slice(-MAX_EXCLUSIONS) };
}

/** Work that the provider accepted: a job, or requests in the rows of one. */
export interface AcceptedWork {
  readonly batchId: string;
  readonly model: string;
  /** When its job was submitted, in milliseconds since 1970. */
  readonly submittedAt: number;
  readonly seenIn: BlockingJob['seenIn'];
}

/**
 * Forgets past refusals, because the provider accepted work. A cooldown in force stays, since the
 * accepted call was under way before it began. A block ends if the job was submitted after it began:
 * then the refusal was about the other model or batch, which alone waits on.
 */
export function withAcceptance<S extends Holds>(state: S, work: AcceptedWork, now: number): S {
  const accepted = withoutDisproved(state, work);
  const { hold, ...free } = accepted;
  if (!hold) return accepted;
  const { job, since, reason, until, refusals } = hold;
  if (hold.kind === 'quota' || !job || since === undefined)
    return isUnavailable(accepted, now) ? accepted : (free as S);
  if (!disproves(work, { job, since })) return accepted;
  if (work.batchId === job.batchId) return free as S;
  const isWholeModel = work.model !== job.model;
  const exclusion = { job, isWholeModel, reason, since, until, refusals };
  return withExclusions(free as S, [...(accepted.exclusions ?? []), exclusion], now);
}

/** Exclusions of what is accepted by now: if another batch of the model is, only the one batch is refused. */
function withoutDisproved<S extends Holds>(state: S, work: AcceptedWork): S {
  const isDisproved = (each: Exclusion) => concerns(each, work) && disproves(work, each);
  const { exclusions } = state;
  if (!exclusions?.some(isDisproved)) return state;
  const kept = exclusions
    .filter((each) => !isDisproved(each) || each.job.batchId !== work.batchId)
    .map((each) => (isDisproved(each) ? { ...each, isWholeModel: false } : each));
  return { ...state, exclusions: kept };
}

/** An accepted job says nothing about the rows of others. */
function disproves(work: AcceptedWork, refused: Pick<Exclusion, 'job' | 'since'>): boolean {
  const isOfRows = refused.job.seenIn === 'rows' && work.seenIn === 'job';
  return work.submittedAt > refused.since && !isOfRows;
}
