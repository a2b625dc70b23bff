import type { ProcessorEvent, StateChange } from '../batch/contracts.ts';
import { InvocationRefusedError, messageOf, shortReason, shownReason } from '../batch/errors.ts';
import { failuresOf } from '../batch/failures.ts';
import { failuresText } from '../batch/failuresText.ts';
import { deliveryId, type OwnPlace, ownObject } from '../batch/ids.ts';
import { countsNow } from '../batch/ledger.ts';
import type { BatchEvent, Effect } from '../batch/lifecycle/events.ts';
import type { Batch, BatchFields, BatchIn } from '../batch/record.ts';
import { isEnded, type Status } from '../batch/status.ts';
import { LOG_MESSAGES, METRICS, type MetricName } from '../metrics.ts';
import { omitUndefined } from '../omitUndefined.ts';
import type { Dependencies } from './dependencies.ts';
import { logFields } from './logFields.ts';
import { type DeleteFilesPorts, deleteProviderFiles } from './providerFiles.ts';
import { blockProvider, type CoolDownPorts, noteRefused, noteSpent } from './providerState.ts';
import { type RemoveInputPorts, removeInput } from './removeInput.ts';
import { noteSpentBy } from './tenantState.ts';

export type EffectPorts = DeliverPorts &
  DeleteFilesPorts &
  RemoveInputPorts &
  CoolDownPorts &
  Pick<Dependencies, 'queues' | 'providers' | 'tenants' | 'bus' | 'clock' | 'log' | 'metrics'>;

/**
 * Performs the effects of a decision that has been written. A failed effect is only logged: the
 * record stays due, so the sweep repeats the effect.
 *
 * @returns events with results of the effects that the record must hold
 */
export async function perform(
  ports: EffectPorts,
  batch: Batch,
  effects: readonly Effect[],
): Promise<readonly BatchEvent[]> {
  const followUps: BatchEvent[] = [];
  for (const effect of effects) {
    try {
      const followUp = await performOne(ports, batch, effect);
      if (followUp) followUps.push(followUp);
    } catch (error) {
      ports.log.warn('effect failed; a sweep will repeat it', {
        ...logFields(batch),
        status: batch.status,
        effect: effect.type,
        error: messageOf(error),
      });
    }
  }
  return followUps;
}

async function performOne(
  ports: EffectPorts,
  batch: Batch,
  effect: Effect,
): Promise<BatchEvent | undefined> {
  const { batchId, provider } = batch;
  const { tenant } = batch.spec;
  const { queues, providers, metrics } = ports;
  switch (effect.type) {
    case 'sendWork':
      await queues.sendWork({ action: effect.work, batchId });
      return;
    case 'sendRequeue': {
      const { delaySeconds, version } = effect;
      await queues.sendBatch({ action: 'requeue', batchId, version }, delaySeconds);
      metrics.count(METRICS.requeued, 1, provider);
      return;
    }
    case 'invokeProcessor':
      return batch.status === 'delivering' ? deliver(ports, batch) : undefined;
    case 'announce':
      return recordTransition(ports, batch);
    case 'reportStall':
      return reportStall(ports, batch);
    case 'cancelJob':
      await (await providers.get(provider)).cancel(effect.jobId);
      return { type: 'cancelSent', jobId: effect.jobId };
    case 'blockProvider':
      return blockProvider(ports, batch, effect.reason, effect.seenIn);
    case 'coolDownProvider':
      return noteRefused(ports, batch, effect.reason);
    case 'noteSpent':
      await noteSpent(ports, provider, effect.amount);
      if (tenant !== undefined) await noteSpentBy(ports, tenant, effect.amount);
      return;
    case 'deleteProviderFiles':
      return deleteProviderFiles(ports, batch);
    case 'reportFilesLeft':
      return reportFilesLeft(ports, batch, effect.jobIds);
    case 'removeInput':
      return removeInput(ports, batch);
    case 'reportInputLeft':
      ports.log.error('input not removed in time; it expires in the bucket', logFields(batch));
      return;
  }
}

const COUNTED: Partial<Record<Status, MetricName>> = {
  running: METRICS.submitted,
  retrying: METRICS.retried,
  completed: METRICS.completed,
  failed: METRICS.failed,
  cancelled: METRICS.cancelled,
};

/**
 * Logs, counts and publishes a state change.
 *
 * @returns the event that the end of a batch was published. Until the record holds it, a sweep
 *   repeats this
 */
async function recordTransition(ports: EffectPorts, batch: Batch): Promise<BatchEvent | undefined> {
  const { bus, log, metrics } = ports;
  const { provider, status } = batch;
  const from = batch.previousStatus ?? status;
  // The user knows no parts. Only their jobs count.
  const isPart = batch.part !== undefined;
  const event = isPart ? undefined : stateChange(ports, batch, from);
  // Repeated until it succeeds, and only then counted.
  if (event && isEnded(status)) await bus.publish(event);
  log.info(LOG_MESSAGES.stateChanged, {
    ...logFields(batch),
    from,
    to: status,
    ...whyFailed(batch),
  });
  const metric = isInputRefused(batch) ? METRICS.inputsRefused : COUNTED[status];
  if (metric && !(isPart && isEnded(status))) metrics.count(metric, 1, provider);
  if (!isPart && isEnded(status)) countRequests(ports, batch);
  if (!isPart && status === 'completed') measureTurnaround(ports, batch);
  if (event && !isEnded(status)) await bus.publish(event);
  return isEnded(status) ? { type: 'endEventSent', statusAt: batch.statusAt } : undefined;
}

/** The last reason of a batch that has failed, and how many of its requests failed by which error. */
function whyFailed(batch: Batch): object {
  if (batch.status !== 'failed') return {};
  const found = failuresOf(batch);
  // An example is the user's own text.
  const groups = found?.groups.map((group) => ({ ...group, example: undefined })) ?? [];
  return { reason: batch.reasons.at(-1), failures: found && failuresText({ ...found, groups }) };
}

function isInputRefused({ inputProblems }: BatchFields): boolean {
  return inputProblems !== undefined;
}

/** What a user's later retry or redelivery takes is not the handler's time. */
function measureTurnaround(
  { metrics }: Pick<EffectPorts, 'metrics'>,
  { createdAt, statusAt, spec, retries, delivery }: BatchIn<'completed'>,
): void {
  if (retries > 0 || (delivery?.number ?? 1) > 1) return;
  const startedAt = Math.max(createdAt, spec.notBefore ?? 0);
  metrics.measure(METRICS.turnaround, Math.max(0, statusAt - startedAt) / 1000);
}

/** A batch that ends again after a retry is counted again as a whole. */
function countRequests(
  { metrics }: Pick<EffectPorts, 'metrics'>,
  { counts, provider }: Batch,
): void {
  const failed = counts.total - counts.succeeded;
  if (counts.succeeded > 0) metrics.count(METRICS.requestsSucceeded, counts.succeeded, provider);
  if (failed > 0) metrics.count(METRICS.requestsFailed, failed, provider);
}

/** Logs, counts and publishes that a job is given up. The batch keeps its status. */
async function reportStall(ports: EffectPorts, batch: Batch): Promise<undefined> {
  const { bus, log, metrics } = ports;
  const { provider, job, reasons }: BatchFields = batch;
  log.error('job stalled; cancelling it', { ...logFields(batch), job, reason: reasons.at(-1) });
  metrics.count(METRICS.stalled, 1, provider);
  await bus.publish(stateChange(ports, batch, batch.status));
}

async function reportFilesLeft(
  { log, metrics }: Pick<EffectPorts, 'log' | 'metrics'>,
  batch: Batch,
  jobIds: readonly string[],
): Promise<undefined> {
  log.error('files not deleted in time; they expire at the provider', {
    ...logFields(batch),
    jobIds,
  });
  metrics.count(METRICS.filesLeft, 1, batch.provider);
}

function stateChange(
  { clock }: Pick<EffectPorts, 'clock'>,
  batch: Batch,
  from: Status,
): StateChange {
  const { batchId, provider, status: to, attempt, inputProblems }: BatchFields = batch;
  const { tenant, metadata } = batch.spec;
  return {
    ...{ version: 1, batchId, provider, from, to, attempt, counts: countsNow(batch) },
    cost: batch.cost ?? null,
    reasons: batch.reasons.map(shownReason),
    ...omitUndefined({ failures: failuresOf(batch), problems: inputProblems, tenant }),
    metadata,
    at: new Date(clock.now()).toISOString(),
  };
}

export type DeliverPorts = Pick<Dependencies, 'processor' | 'objects' | 'tableName'>;

/**
 * Invokes the processor for the delivery that the record names.
 *
 * @returns that the delivery failed, if Lambda certainly refused the invocation; else undefined
 */
export async function deliver(
  { processor, objects, tableName }: DeliverPorts,
  batch: BatchIn<'delivering'>,
): Promise<BatchEvent | undefined> {
  const event = processorEvent(batch, objects, tableName);
  try {
    await processor.invoke(event);
    return undefined;
  } catch (error) {
    // The invocation may have started: its outcome arrives, or the record is due once none can.
    if (!(error instanceof InvocationRefusedError)) throw error;
    const message = `the processor could not be invoked: ${messageOf(error)}`;
    return {
      type: 'deliveryFailed',
      deliveryId: event.deliveryId,
      deliveryAttempt: event.deliveryAttempt,
      reason: shortReason('invoke_failed', message),
    };
  }
}

function processorEvent(
  batch: BatchIn<'delivering'>,
  place: OwnPlace,
  table: string,
): ProcessorEvent {
  const { input, rows, delivery } = batch;
  const { total, succeeded } = batch.counts;
  return {
    version: 1,
    deliveryId: deliveryId(batch.keyPrefix, delivery.number),
    deliveryAttempt: delivery.attempt,
    batchId: batch.batchId,
    provider: batch.provider,
    model: input.model ?? null,
    endpoint: input.endpoint,
    counts: { total, succeeded, failed: total - succeeded },
    usage: batch.usage,
    cost: batch.cost ?? null,
    results: ownObject(place, rows.results),
    errors: ownObject(place, rows.errors),
    input: ownObject(place, input.key),
    bucketPrefix: place.prefix ?? '',
    ...omitUndefined({ tenant: batch.spec.tenant }),
    metadata: batch.spec.metadata,
    table,
    createdAt: new Date(batch.createdAt).toISOString(),
    finishedAt: new Date(batch.statusAt).toISOString(),
  };
}
