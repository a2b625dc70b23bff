import type { Reason } from '../batch/errors.ts';
import { pages } from '../batch/ports.ts';
import type { Batch, BatchFields, BatchIn } from '../batch/record.ts';
import { LOG_MESSAGES, METRICS } from '../metrics.ts';
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
import { logFields } from './logFields.ts';

type StatePorts = Pick<Dependencies, 'providerStates' | 'clock'>;
export type BlockPorts = StatePorts & Pick<Dependencies, 'policy' | 'log'>;
export type CoolDownPorts = BlockPorts & Pick<Dependencies, 'batches' | 'metrics'>;

/** Lost races after which a change is given up. */
const MAX_CONFLICTS = 20;

/**
 * Changes a provider's state: reads it, applies the change and writes it, again and again until no
 * other writer has come in between. States change in no other way.
 *
 * @param change returns its argument if there is nothing to change
 * @returns the state as it is now
 * @throws Error after 20 lost races in a row
 */
export async function updateProvider(
  { providerStates }: Pick<Dependencies, 'providerStates'>,
  provider: string,
  change: (state: ProviderState) => ProviderState,
): Promise<ProviderState> {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const state = await providerStates.get(provider);
    const changed = change(state);
    if (changed === state) return state;
    const next = { ...changed, version: state.version + 1 };
    if ((await providerStates.replace(next)) === 'written') return next;
  }
  throw new Error(`the state of provider ${provider} met another writer ${MAX_CONFLICTS} times`);
}

/** Starts nothing at a provider for a while, because it refused our account for this batch. */
export async function blockProvider(
  ports: BlockPorts,
  batch: Batch,
  reason: Reason,
): Promise<undefined> {
  const { policy, clock, log } = ports;
  const { provider } = batch;
  const { hold } = await updateProvider(ports, provider, (state) =>
    withBlock(state, reason, policy, clock.now()),
  );
  const until = hold && new Date(hold.until).toISOString();
  log.error(LOG_MESSAGES.providerBlocked, { ...logFields(batch), provider, reason, until });
}

/**
 * Starts nothing at a provider for a while, because it refused this batch for quota, and learns a
 * lower token limit from that.
 */
export async function coolDownProvider(
  ports: CoolDownPorts,
  batch: Batch,
  reason: Reason,
): Promise<undefined> {
  const { policy, clock, metrics, log } = ports;
  const { provider, input }: BatchFields = batch;
  const model = input?.model ?? '';
  metrics.count(METRICS.quotaWaits, 1, provider);
  const inFlight = await tokensBeside(ports, batch);
  const { hold } = await updateProvider(ports, provider, (state) => {
    const now = clock.now();
    const limit = lowerTokenLimit(learnedLimit(state, model), inFlight, isCoolingDown(state, now));
    const ceilings = { ...state.ceilings, [model]: limit };
    return { ...withCooldown(state, reason, policy, now), ceilings };
  });
  const until = hold && new Date(hold.until).toISOString();
  log.info(LOG_MESSAGES.providerCoolingDown, { ...logFields(batch), provider, reason, until });
}

/** Estimated tokens of the batch's model in other jobs at the provider. */
async function tokensBeside(
  { batches }: Pick<Dependencies, 'batches'>,
  { batchId, provider, input }: BatchFields,
): Promise<number> {
  let tokens = 0;
  for await (const active of pages((cursor) => batches.listActive(provider, cursor)))
    for (const other of active)
      if (other.batchId !== batchId && other.model === input?.model && !other.isOver)
        tokens += other.estimatedTokens;
  return tokens;
}

/** Forgets refusals of a provider that has accepted a job, once their time is over. */
export async function releaseProvider(ports: StatePorts, provider: string): Promise<undefined> {
  const { clock } = ports;
  await updateProvider(ports, provider, (state) => withAcceptance(state, clock.now()));
}

/** Raises the learned token limits of a provider that has accepted the jobs of these batches. */
export async function noteAccepted(
  ports: Pick<Dependencies, 'providerStates'>,
  provider: string,
  batches: readonly BatchIn<'running'>[],
): Promise<void> {
  await updateProvider(ports, provider, (state) => {
    let ceilings = state.ceilings;
    for (const { input } of batches) {
      const { model = '', estimatedTokens } = input;
      const limit = learnedLimit({ ceilings }, model);
      ceilings = { ...ceilings, [model]: raiseTokenLimit(limit, estimatedTokens) };
    }
    return { ...state, ceilings };
  });
}

/** Counts the cost of a job, in USD, towards the provider's budget of the day. */
export async function noteSpent(
  ports: StatePorts,
  provider: string,
  amount: number,
): Promise<undefined> {
  const { clock } = ports;
  await updateProvider(ports, provider, (state) => withSpent(state, amount, clock.now()));
}

/** Whether the provider refuses our account, so that no call to it can succeed. */
export async function isProviderBlocked(
  { providerStates, clock }: StatePorts,
  provider: string,
): Promise<boolean> {
  return isBlocked(await providerStates.get(provider), clock.now());
}
