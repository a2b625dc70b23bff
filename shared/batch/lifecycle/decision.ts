import { MAX_REASONS, type Reason } from '../errors.ts';
import type { Policy } from '../policy.ts';
import type { Batch } from '../record.ts';
import type { Effect, EventOf, EventType } from './events.ts';

/** Time, chance and the rules, as arguments: the lifecycle itself knows neither. */
export interface DecisionContext {
  readonly policy: Policy;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
}

/**
 * - `changed`: write the record, then do the effects;
 * - `unchanged`: nothing to write, but effects to do;
 * - `ignored`: the event is stale or does not concern this status, which is normal;
 * - `refused`: a user's command that makes no sense now.
 */
export type Decision =
  | { readonly type: 'changed'; readonly batch: Batch; readonly effects: readonly Effect[] }
  | { readonly type: 'unchanged'; readonly effects: readonly Effect[] }
  | { readonly type: 'ignored'; readonly why: string }
  | { readonly type: 'refused'; readonly why: string };

/** Values to set; `undefined` removes an optional one. */
export type Changes = { [K in keyof Batch]?: Batch[K] | undefined };

/** The next version of a record. */
export function revise(batch: Batch, changes: Changes): Batch {
  const next: Changes = { ...batch, ...changes, version: batch.version + 1 };
  for (const key of Object.keys(changes) as (keyof Batch)[]) {
    if (next[key] === undefined) delete next[key];
  }
  return next as Batch;
}

/** Stays in its status with some values changed. */
export function stay(batch: Batch, changes: Changes, ...effects: Effect[]): Decision {
  return { type: 'changed', batch: revise(batch, changes), effects };
}

export function ignored(why: string): Decision {
  return { type: 'ignored', why };
}

export function refused(why: string): Decision {
  return { type: 'refused', why };
}

/** The record's reasons and one more: the last that fit. */
export function withReason(batch: Batch, reason: Reason | undefined): Reason[] {
  return reason ? [...batch.reasons, reason].slice(-MAX_REASONS) : batch.reasons;
}

/** What a status makes of each event; an event that is not named does not concern it. */
export type Handlers = {
  readonly [T in EventType]?: (
    batch: Batch,
    event: EventOf<T>,
    context: DecisionContext,
  ) => Decision;
};
