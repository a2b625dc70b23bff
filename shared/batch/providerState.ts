import * as z from 'zod';
import { SCHEMA_VERSION } from './batch.ts';
import { ceilingSchema } from './ceiling.ts';
import { moneySchema } from './cost.ts';
import { PROVIDER_ACTIONS } from './messages.ts';
import { reasonSchema } from './reason.ts';

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
  ceilings: z.record(z.string(), ceilingSchema).optional(),
  /** Jobs started in an hour of the clock: `hour` counts from 1970. */
  starts: z
    .object({ hour: z.number().int().nonnegative(), count: z.number().int().nonnegative() })
    .optional(),
  /** USD in a UTC day: `day` counts from 1970. */
  spent: z.object({ day: z.number().int().nonnegative(), amount: moneySchema }).optional(),
});
export type ProviderState = z.infer<typeof providerStateSchema>;

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
