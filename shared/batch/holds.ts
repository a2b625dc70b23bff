import { ceilingMs } from './backoff.ts';
import type { HoldKind } from './effects.ts';
import type { Policy } from './policy.ts';
import type { ProviderState } from './providerState.ts';
import type { Reason } from './reason.ts';

/**
 * Keeps a provider from being started on for a while, longer with each refusal in a row. Refusals
 * during a hold are of calls that were under way when it began: they count once.
 */
export function hold(
  state: ProviderState,
  kind: HoldKind,
  reason: Reason,
  policy: Policy,
  now: number,
): ProviderState {
  if (state.hold?.kind === kind && isHeld(state, now)) return state;
  const refusals = (state.hold?.refusals ?? 0) + 1;
  const backoff = kind === 'quota' ? policy.quotaBackoff : policy.accountBackoff;
  const until = now + ceilingMs(backoff, refusals - 1);
  return { ...state, hold: { kind, reason, until, refusals } };
}

/** A success ends a hold that has run out; one in force stands, the success was under way before. */
export function release(state: ProviderState, now: number): ProviderState {
  if (!state.hold || isHeld(state, now)) return state;
  const { hold: _, ...free } = state;
  return free;
}

export function isHeld({ hold: held }: ProviderState, now: number): boolean {
  return held !== undefined && now < held.until;
}
