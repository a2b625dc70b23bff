import * as z from 'zod';
import { moneySchema } from '../batch/cost.ts';
import { type Reason, reasonSchema } from '../batch/errors.ts';
import type { HoldKind } from '../batch/lifecycle/events.ts';
import { PROVIDER_ACTIONS } from '../batch/messages.ts';
import { maxBackoffMs, type Policy } from '../batch/policy.ts';
import { SCHEMA_VERSION } from '../batch/record.ts';
import { tokenLimitSchema } from './tokenLimit.ts';

/** What is remembered of a provider entry, whether or not the configuration still has it. */
export const providerStateSchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  provider: z.string(),
  /** Rises with every write; the condition of the next one. */
  version: z.number().int().nonnegative().default(0),
  /** Why nothing is started there for now. */
  hold: z
    .object({
      kind: z.enum(['quota', 'account']),
      reason: reasonSchema,
      /** Milliseconds since 1970. */
      until: z.number(),
      /** Refusals in a row, for the backoff. */
      refusals: z.number().int().positive(),
    })
    .optional(),
  /** What a user last told, by the time at which the message was sent. */
  lastCommand: z
    .object({
      action: z.enum(PROVIDER_ACTIONS),
      reason: z.string().optional(),
      /** Milliseconds since 1970. */
      sentAt: z.number(),
      messageId: z.string(),
    })
    .optional(),
  /** By model. */
  ceilings: z.record(z.string(), tokenLimitSchema).optional(),
  /** Jobs started in an hour of the clock: `hour` counts from 1970. */
  starts: z
    .object({ hour: z.number().int().nonnegative(), count: z.number().int().nonnegative() })
    .optional(),
  /** USD in a UTC day: `day` counts from 1970. */
  spent: z.object({ day: z.number().int().nonnegative(), amount: moneySchema }).optional(),
});
export type ProviderState = z.infer<typeof providerStateSchema>;

/** The providers' own records. */
export interface ProviderStateStore {
  get(provider: string): Promise<ProviderState>;
  /** Writes the state if it is still at `version - 1` of it. */
  replace(state: ProviderState): Promise<'written' | 'conflict'>;
  /** Names of all entries ever used. */
  list(): Promise<readonly string[]>;
}

const HOUR_MS = 60 * 60 * 1000;

/** Jobs started in the present hour. */
export function startsSince({ starts }: ProviderState, now: number): number {
  return starts?.hour === Math.floor(now / HOUR_MS) ? starts.count : 0;
}

export function withStarts(state: ProviderState, count: number, now: number): ProviderState {
  const hour = Math.floor(now / HOUR_MS);
  return { ...state, starts: { hour, count: startsSince(state, now) + count } };
}

const DAY_MS = 24 * HOUR_MS;

/** What the jobs cost that were collected in the present UTC day, in USD. */
export function spentToday({ spent }: ProviderState, now: number): number {
  return spent?.day === Math.floor(now / DAY_MS) ? spent.amount : 0;
}

export function withSpent(state: ProviderState, amount: number, now: number): ProviderState {
  const day = Math.floor(now / DAY_MS);
  return { ...state, spent: { day, amount: spentToday(state, now) + amount } };
}

/**
 * Keeps a provider from being started on for a while, longer with each refusal in a row. Refusals
 * during a hold are of calls that were under way when it began: they count once.
 */
export function holdProviderState(
  state: ProviderState,
  kind: HoldKind,
  reason: Reason,
  policy: Policy,
  now: number,
): ProviderState {
  if (state.hold?.kind === kind && isUnavailable(state, now)) return state;
  const refusals = (state.hold?.refusals ?? 0) + 1;
  const backoff = kind === 'quota' ? policy.quotaBackoff : policy.accountBackoff;
  const until = now + maxBackoffMs(backoff, refusals - 1);
  return { ...state, hold: { kind, reason, until, refusals } };
}

/** A success ends a hold that has run out; one in force stands, the success was under way before. */
export function release(state: ProviderState, now: number): ProviderState {
  if (!state.hold || isUnavailable(state, now)) return state;
  const { hold: _, ...free } = state;
  return free;
}

export function isUnavailable({ hold: held }: ProviderState, now: number): boolean {
  return held !== undefined && now < held.until;
}

/** What a user told of a provider: start nothing new there, or go on. */
export type ProviderCommand = NonNullable<ProviderState['lastCommand']>;

/**
 * Takes in what a user told. The message that was sent last counts, in whatever order and however
 * often they are delivered: an old pause that comes again does not undo a resume. Going on also
 * ends a hold, because whoever says so has seen to its cause.
 */
export function applyProviderCommand(
  state: ProviderState,
  command: ProviderCommand,
): ProviderState {
  const { lastCommand, hold, ...rest } = state;
  if (lastCommand && !isLater(command, lastCommand)) return state;
  const isHoldKept = hold !== undefined && command.action === 'pause';
  return { ...rest, ...(isHoldKept ? { hold } : {}), lastCommand: command };
}

/** Whether a user keeps it from being started on; its refusals are holds, and end by themselves. */
export function isPaused({ lastCommand }: ProviderState): boolean {
  return lastCommand?.action === 'pause';
}

/** Of two sent in the same millisecond one must count, the same for every reader. */
function isLater(a: ProviderCommand, b: ProviderCommand): boolean {
  return a.sentAt === b.sentAt ? a.messageId > b.messageId : a.sentAt > b.sentAt;
}
