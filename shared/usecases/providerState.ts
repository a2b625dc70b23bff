import type { Reason } from '../batch/errors.ts';
import type { HoldKind } from '../batch/lifecycle/events.ts';
import { pages } from '../batch/ports.ts';
import type { Batch, BatchFields, BatchIn } from '../batch/record.ts';
import { LOG_MESSAGES } from '../logMessages.ts';
import { METRICS } from '../metrics.ts';
import { learnedLimit } from '../quota/admission.ts';
import {
  isBlocked,
  isCoolingDown,
  type ProviderState,
  withAcceptance,
  withBlock,
  withCooldown,
  withSpent,
} from '../quota/providerState.ts';
import { lowerTokenLimit, raiseTokenLimit } from '../quota/tokenLimit.ts';
import type { Dependencies } from './dependencies.ts';

/** Tries before a state that others keep changing is left as it is. */
const MAX_CONFLICTS = 20;

/** The one way in which a provider's state changes: read it, change it, write if nobody else has. */
export async function updateProvider(
  { providerStates }: Pick<Dependencies, 'providerStates'>,
  provider: string,
  change: (state: ProviderState) => ProviderState,
): Promise<void> {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const state = await providerStates.get(provider);
    const next = change(state);
    if (next === state) return;
    const written = await providerStates.replace({ ...next, version: state.version + 1 });
    if (written === 'written') return;
  }
  throw new Error(`the state of provider ${provider} lost ${MAX_CONFLICTS} races in a row`);
}

/** Leaves the provider alone for a while, because of this batch. */
export async function holdProvider(
  dependencies: Dependencies,
  batch: Batch,
  { kind, reason }: { readonly kind: HoldKind; readonly reason: Reason },
): Promise<void> {
  const { policy, clock, metrics, log } = dependencies;
  const { provider, input }: BatchFields = batch;
  const model = input?.model ?? '';
  if (kind === 'quota') metrics.count(METRICS.quotaWaits, 1, provider);
  const fields = { provider, kind, reason };
  if (kind === 'account') log.error(LOG_MESSAGES.providerBlocked, fields);
  else log.info(LOG_MESSAGES.providerCoolingDown, fields);
  const inFlight = kind === 'quota' ? await tokensBeside(dependencies, batch) : 0;
  await updateProvider(dependencies, provider, (state) => {
    const now = clock.now();
    if (kind === 'account') return withBlock(state, reason, policy, now);
    const isRepeated = isCoolingDown(state, now);
    const limit = lowerTokenLimit(learnedLimit(state, model), inFlight, isRepeated);
    const ceilings = { ...state.ceilings, [model]: limit };
    return { ...withCooldown(state, reason, policy, now), ceilings };
  });
}

/** Estimated tokens of the batch's model at the provider, without its own. */
async function tokensBeside(
  { batches }: Dependencies,
  { batchId, provider, input }: BatchFields,
): Promise<number> {
  let tokens = 0;
  for await (const active of pages((cursor) => batches.listActive(provider, cursor)))
    for (const other of active)
      if (other.batchId !== batchId && other.model === input?.model && !other.isOver)
        tokens += other.estimatedTokens;
  return tokens;
}

/** The provider has taken a job: what it was left alone for is over. */
export async function releaseProvider(dependencies: Dependencies, provider: string): Promise<void> {
  const { clock } = dependencies;
  await updateProvider(dependencies, provider, (state) => withAcceptance(state, clock.now()));
}

/** Lets more go to a provider that has taken on the jobs of these batches. */
export async function noteAccepted(
  dependencies: Dependencies,
  provider: string,
  batches: readonly BatchIn<'running'>[],
): Promise<void> {
  await updateProvider(dependencies, provider, (state) => {
    const ceilings = { ...state.ceilings };
    for (const { input } of batches) {
      const { model = '', estimatedTokens } = input;
      const ceiling = learnedLimit({ ...state, ceilings }, model);
      ceilings[model] = raiseTokenLimit(ceiling, estimatedTokens);
    }
    return { ...state, ceilings };
  });
}

/** Counts what a job cost, in USD, towards the provider's budget of the day. */
export async function noteSpent(
  dependencies: Dependencies,
  provider: string,
  amount: number,
): Promise<void> {
  const { clock } = dependencies;
  const note = (state: ProviderState) => withSpent(state, amount, clock.now());
  await updateProvider(dependencies, provider, note);
}

/** Whether calls to it are pointless now because it refuses our account. */
export async function isProviderBlocked(
  { providerStates, clock }: Dependencies,
  provider: string,
): Promise<boolean> {
  const state = await providerStates.get(provider);
  return isBlocked(state, clock.now());
}
