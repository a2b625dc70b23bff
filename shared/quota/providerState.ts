import * as z from 'zod';
import { saturated } from '../batch/bounds.ts';
import { moneySchema } from '../batch/cost.ts';
import type { Reason } from '../batch/errors.ts';
import { PROVIDER_ACTIONS } from '../batch/messages.ts';
import type { Policy } from '../batch/policy.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { sharesSchema } from './fairShare.ts';
import { exclusionSchema, holdSchema, withAcceptance, withRefusal } from './hold.ts';
import {
  coolDown,
  type LearnedLimit,
  learnedLimitSchema,
  limitAt,
  lowerLimit,
  type RefusedJob,
  raiseLimit,
  UNKNOWN_LIMIT,
} from './learnedLimit.ts';

/** The version of the states that this code writes, and the newest that it reads. */
export const PROVIDER_STATE_SCHEMA_VERSION = 1;

/** USD spent in one UTC day. `day` counts from 1970. */
export const spentSchema = z.object({
  day: z.number().int().nonnegative(),
  amount: moneySchema,
});

/** The record of a provider entry. It outlives the entry's removal from the configuration. */
export const providerStateSchema = z.object({
  schemaVersion: z.literal(PROVIDER_STATE_SCHEMA_VERSION),
  provider: z.string(),
  /** Rises by one with every write; the condition of the next one. */
  version: z.number().int().nonnegative().default(0),
  hold: holdSchema.optional(),
  /** What is refused by itself, the latest refusal last. */
  exclusions: z.array(exclusionSchema).optional(),
  /** The user's command that was sent last. */
  lastCommand: z
    .object({
      action: z.enum(PROVIDER_ACTIONS),
      reason: z.string().optional(),
      /** Who sent it, as far as is known. */
      by: z.string().optional(),
      /** Milliseconds since 1970. */
      sentAt: z.number(),
      messageId: z.string(),
    })
    .optional(),
  /**
   * When the list of the provider's jobs was first read and understood, in milliseconds since 1970.
   * Absent: no job is created, because one whose answer is lost could not be found.
   */
  listedAt: z.number().optional(),
  /** Learned limits by model; `''` stands for batches without one. */
  ceilings: z.record(z.string(), learnedLimitSchema).optional(),
  /** Jobs started in one clock hour. `hour` counts from 1970. */
  starts: z
    .object({ hour: z.number().int().nonnegative(), count: z.number().int().nonnegative() })
    .optional(),
  spent: spentSchema.optional(),
  /** Which tenants were granted more tokens than others. */
  shares: sharesSchema.optional(),
});
export type ProviderState = z.infer<typeof providerStateSchema>;

/** Stores the records of the provider entries. */
export interface ProviderStateStore {
  get(provider: string): Promise<ProviderState>;
  /** Writes the state if the stored one has `version - 1`. */
  replace(state: ProviderState): Promise<'written' | 'conflict'>;
  /** Names of all entries that were ever used. */
  list(): Promise<readonly string[]>;
}

export const HOUR_MS = 60 * 60 * 1000;

/** Jobs started in the current clock hour. */
export function startsThisHour({ starts }: ProviderState, now: number): number {
  return starts?.hour === Math.floor(now / HOUR_MS) ? starts.count : 0;
}

export function withStarts(state: ProviderState, count: number, now: number): ProviderState {
  const hour = Math.floor(now / HOUR_MS);
  return { ...state, starts: { hour, count: startsThisHour(state, now) + count } };
}

export const DAY_MS = 24 * HOUR_MS;

/** What keeps the money that is spent in a day: a provider entry, or a tenant. */
interface Spender {
  readonly version: number;
  readonly spent?: z.infer<typeof spentSchema> | undefined;
}

/** Cost of the jobs that were collected in the current UTC day, in USD. */
export function spentToday({ spent }: Spender, now: number): number {
  return spent?.day === Math.floor(now / DAY_MS) ? spent.amount : 0;
}

export function withSpent<S extends Spender>(state: S, amount: number, now: number): S {
  const day = Math.floor(now / DAY_MS);
  return { ...state, spent: { day, amount: saturated(spentToday(state, now) + amount) } };
}

/** @param shares who is ahead now; undefined if nobody is */
export function withShares(
  { shares: _, ...state }: ProviderState,
  shares: ProviderState['shares'],
): ProviderState {
  return { ...state, ...omitUndefined({ shares }) };
}

/** What was learned of a model, as it is to be believed now. */
export function learnedLimit(
  { ceilings }: Pick<ProviderState, 'ceilings'>,
  model: string | undefined,
  now: number,
): LearnedLimit {
  return limitAt(storedLimit(ceilings, model), now);
}

/** Models have any name, also that of a property which every object has. */
function storedLimit(ceilings: ProviderState['ceilings'], model = ''): LearnedLimit {
  return (ceilings && Object.hasOwn(ceilings, model) && ceilings[model]) || UNKNOWN_LIMIT;
}

/**
 * Learns from a job that was refused for quota, and lets the model cool down; and the whole provider,
 * if the refusal does not name a quota of the model.
 */
export function withRefusedJob(
  state: ProviderState,
  { model, reason, ...job }: JobOverQuota,
  policy: Policy,
  now: number,
): ProviderState {
  const { quota } = reason;
  const stored = storedLimit(state.ceilings, model);
  const earlier = stored.cooldown;
  const isRepeated = earlier !== undefined && now < earlier.until;
  const lowered = lowerLimit(
    stored,
    { ...job, quota, isRepeated, isInRow: earlier !== undefined },
    now,
  );
  const { tokens } = job;
  const cooled = coolDown(lowered, { tokens, reason }, policy.quotaBackoff, now);
  const learned = { ...state, ceilings: { ...state.ceilings, [model]: cooled } };
  if (quota) return learned;
  return withRefusal(learned, { kind: 'quota', reason }, policy.quotaBackoff, now);
}

/** A job that was refused for quota. `model` is `''` if it has none. */
type JobOverQuota = Pick<RefusedJob, 'tokens' | 'requests' | 'beside'> & {
  readonly model: string;
  readonly reason: Reason;
};

/** A job that the provider accepted. `submittedAt` in milliseconds since 1970. */
interface AcceptedJob {
  readonly batchId: string;
  readonly model: string;
  /** As estimated. */
  readonly tokens: number;
  readonly submittedAt: number;
}

/** Raises the limits of the models whose jobs were accepted, and forgets past refusals. */
export function withAcceptedJobs(
  state: ProviderState,
  jobs: readonly AcceptedJob[],
  now: number,
): ProviderState {
  let { ceilings } = state;
  for (const job of jobs) {
    const raised = raiseLimit(storedLimit(ceilings, job.model), job, now);
    ceilings = { ...ceilings, [job.model]: raised };
  }
  let accepted: ProviderState = { ...state, ceilings };
  for (const job of jobs) accepted = withAcceptance(accepted, { ...job, seenIn: 'job' }, now);
  return accepted;
}

/** A user's command: `pause` starts no new jobs at the provider, `resume` starts them again. */
export type ProviderCommand = NonNullable<ProviderState['lastCommand']>;

/**
 * Applies a user's command. The command that was sent last counts, in whatever order and however
 * often the commands are delivered. `resume` also ends a block or cooldown and forgets the learned
 * limits, because the user has dealt with their cause.
 */
export function applyProviderCommand(
  state: ProviderState,
  command: ProviderCommand,
): ProviderState {
  const { lastCommand, hold, exclusions, ceilings, ...rest } = state;
  if (lastCommand && !isLater(command, lastCommand)) return state;
  const kept = command.action === 'pause' ? { hold, exclusions, ceilings } : {};
  return { ...rest, ...omitUndefined(kept), lastCommand: command };
}

/** Whether a user has paused the provider. */
export function isPaused({ lastCommand }: ProviderState): boolean {
  return lastCommand?.action === 'pause';
}

/** Message ids decide between commands of the same millisecond, so that every reader agrees. */
function isLater(a: ProviderCommand, b: ProviderCommand): boolean {
  return a.sentAt === b.sentAt ? a.messageId > b.messageId : a.sentAt > b.sentAt;
}
