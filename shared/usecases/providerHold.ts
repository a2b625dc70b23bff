import type { HoldKind } from '../batch/effects.ts';
import { hold, isHeld, release } from '../batch/holds.ts';
import type { Reason } from '../batch/reason.ts';
import { METRICS } from '../metrics.ts';
import type { Dependencies } from './dependencies.ts';

/** Leaves the provider alone for a while. */
export async function holdProvider(
  { providerStates, policy, clock, metrics, log }: Dependencies,
  provider: string,
  { kind, reason }: { readonly kind: HoldKind; readonly reason: Reason },
): Promise<void> {
  metrics.count(kind === 'quota' ? METRICS.quotaWaits : METRICS.providerPaused, 1, provider);
  const fields = { provider, kind, reason };
  if (kind === 'account') log.error('the provider refuses our account: it is paused', fields);
  else log.info('the provider is full: it is left alone for a while', fields);
  const state = await providerStates.get(provider);
  const next = hold(state, kind, reason, policy, clock.now());
  if (next !== state) await providerStates.put(next);
}

/** The provider has taken a job: what it was left alone for is over. */
export async function releaseProvider(
  { providerStates, clock }: Dependencies,
  provider: string,
): Promise<void> {
  const state = await providerStates.get(provider);
  const next = release(state, clock.now());
  if (next !== state) await providerStates.put(next);
}

/** Whether calls to it are pointless now because it refuses our account. */
export async function isAccountHeld(
  { providerStates, clock }: Dependencies,
  provider: string,
): Promise<boolean> {
  const state = await providerStates.get(provider);
  return state.hold?.kind === 'account' && isHeld(state, clock.now());
}
