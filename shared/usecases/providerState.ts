import { expectedOfJob } from '../batch/cost.ts';
import type { Reason } from '../batch/errors.ts';
import { requestsToSend } from '../batch/ledger.ts';
import { usualActive } from '../batch/partitions.ts';
import type { Batch, BatchFields, BatchIn } from '../batch/record.ts';
import { LOG_MESSAGES, METRICS } from '../metrics.ts';
import {
  type BlockingJob,
  exclusionOf,
  refusesCalls,
  withAcceptance,
  withAccountRefusal,
} from '../quota/hold.ts';
import { limitText } from '../quota/learnedLimit.ts';
import {
  learnedLimit,
  type ProviderState,
  withAcceptedJobs,
  withRefusedJob,
  withSpent,
} from '../quota/providerState.ts';
import { readActive } from './activeBatches.ts';
import type { Dependencies } from './dependencies.ts';
import { logFields } from './logFields.ts';
import { updateState } from './updateState.ts';

type StatePorts = Pick<Dependencies, 'providerStates' | 'clock'>;
export type BlockPorts = StatePorts & Pick<Dependencies, 'policy' | 'log'>;
export type CoolDownPorts = BlockPorts & Pick<Dependencies, 'batches' | 'metrics'>;

/**
 * Changes a provider's state. States change in no other way.
 *
 * @param change returns its argument if there is nothing to change
 * @returns the state as it is now
 * @throws Error after 20 lost races in a row
 */
export function updateProvider(
  { providerStates }: Pick<Dependencies, 'providerStates'>,
  provider: string,
  change: (state: ProviderState) => ProviderState,
): Promise<ProviderState> {
  return updateState(providerStates, { what: 'provider', name: provider }, change);
}

/**
 * Starts nothing at a provider for a while, because it refused our account for this batch; or
 * nothing of the model or of the batch, if these alone are known to be refused.
 *
 * @param seenIn where a job of the batch was refused; undefined if another call was, such as reading
 */
export async function blockProvider(
  ports: BlockPorts,
  batch: Batch,
  reason: Reason,
  seenIn?: BlockingJob['seenIn'],
): Promise<undefined> {
  const { policy, clock, log } = ports;
  const { batchId, provider, input }: BatchFields = batch;
  const model = input?.model ?? '';
  const job = seenIn && { batchId, model, seenIn };
  const now = clock.now();
  const state = await updateProvider(ports, provider, (known) =>
    withAccountRefusal(known, { reason, job }, policy.accountBackoff, now),
  );
  const exclusion = exclusionOf(state, { batchId, model }, now);
  const until = exclusion?.until ?? state.hold?.until;
  log.error(LOG_MESSAGES.providerBlocked, {
    ...{ ...logFields(batch), provider, model, reason },
    only: exclusion && (exclusion.isWholeModel ? 'model' : 'batch'),
    until: until && new Date(until).toISOString(),
  });
}

/**
 * Learns from a batch that its provider refused for quota. Nothing of its model, or of the whole
 * provider, starts for a while.
 */
export async function noteRefused(
  ports: CoolDownPorts,
  batch: Batch,
  reason: Reason,
): Promise<undefined> {
  const { policy, clock, metrics, log } = ports;
  const { provider, input }: BatchFields = batch;
  const model = input?.model ?? '';
  metrics.count(METRICS.quotaWaits, 1, provider);
  const job = {
    ...{ model, reason },
    tokens: expectedOfJob(batch).inputTokens,
    requests: requestsToSend(batch),
    beside: await jobsBeside(ports, batch),
  };
  const now = clock.now();
  let before: string | undefined;
  const state = await updateProvider(ports, provider, (known) => {
    before = limitText(learnedLimit(known, model, now));
    return withRefusedJob(known, job, policy, now);
  });
  const limit = learnedLimit(state, model, now);
  const until = limit.cooldown && new Date(limit.cooldown.until).toISOString();
  const fields = { ...logFields(batch), provider, model, reason };
  log.info(LOG_MESSAGES.providerCoolingDown, { ...fields, until });
  const learned = limitText(limit);
  if (learned !== before) log.info(LOG_MESSAGES.limitLearned, { ...fields, learned, before });
}

/** Estimated tokens of the model in other jobs at the provider, and in those that it has accepted. */
async function jobsBeside(
  ports: Pick<Dependencies, 'batches'>,
  { batchId, provider, input }: BatchFields,
): Promise<{ tokens: number; accepted: number }> {
  const beside = { tokens: 0, accepted: 0 };
  await readActive(ports, provider, usualActive(ports.batches), (page) => {
    for (const other of page) {
      if (other.batchId === batchId || other.model !== input?.model || other.isOver) continue;
      beside.tokens += other.estimatedTokens;
      if (!other.isPending) beside.accepted += other.estimatedTokens;
    }
  });
  return beside;
}

/** Raises the learned limits of a provider that has accepted the jobs of these batches. */
export async function noteAccepted(
  ports: StatePorts,
  provider: string,
  batches: readonly BatchIn<'running'>[],
): Promise<void> {
  const jobs = batches.map((batch) => ({
    batchId: batch.batchId,
    model: batch.input.model ?? '',
    tokens: expectedOfJob(batch).inputTokens,
    submittedAt: batch.job.submittedAt,
  }));
  const now = ports.clock.now();
  await updateProvider(ports, provider, (state) => withAcceptedJobs(state, jobs, now));
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

/** Ends a block that the answers to a batch disprove: rows of a job that was submitted after it began. */
export async function noteAnswered(
  ports: StatePorts,
  { batchId, provider, input, pastJobs }: BatchFields,
): Promise<void> {
  const submittedAt = pastJobs.at(-1)?.submittedAt;
  if (submittedAt === undefined) return;
  const work = { batchId, model: input?.model ?? '', submittedAt, seenIn: 'rows' } as const;
  const now = ports.clock.now();
  await updateProvider(ports, provider, (state) => withAcceptance(state, work, now));
}

/** Whether the provider refuses our account, so that no call to it can succeed. */
export async function providerRefusesCalls(
  { providerStates, clock }: StatePorts,
  provider: string,
): Promise<boolean> {
  return refusesCalls(await providerStates.get(provider), clock.now());
}
