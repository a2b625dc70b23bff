import type { StateChange } from '../batch/contracts.ts';
import { messageOf } from '../batch/errors.ts';
import type { BatchEvent, Effect } from '../batch/lifecycle/events.ts';
import type { Batch, BatchFields } from '../batch/record.ts';
import { isEnded, type Status } from '../batch/status.ts';
import { METRICS, type MetricName } from '../metrics.ts';
import { deliver } from './deliver.ts';
import type { Dependencies } from './dependencies.ts';
import { deleteProviderFiles } from './providerFiles.ts';
import { holdProvider, noteSpent, releaseProvider } from './providerState.ts';

/**
 * Does the effects of a decision that has been written. One that fails is logged and left: the
 * record says what is owed, and the sweeper sees to it when it is due.
 *
 * @returns what came of them that the record must know
 */
export async function perform(
  dependencies: Dependencies,
  batch: Batch,
  effects: readonly Effect[],
): Promise<readonly BatchEvent[]> {
  const followUps: BatchEvent[] = [];
  for (const effect of effects) {
    try {
      const followUp = await performOne(dependencies, batch, effect);
      if (followUp) followUps.push(followUp);
    } catch (error) {
      dependencies.log.warn('an effect failed; the sweeper repeats it', {
        status: batch.status,
        effect: effect.type,
        error: messageOf(error),
      });
    }
  }
  return followUps;
}

async function performOne(
  dependencies: Dependencies,
  batch: Batch,
  effect: Effect,
): Promise<BatchEvent | undefined> {
  const { batchId } = batch;
  const { queues, providers, metrics } = dependencies;
  switch (effect.type) {
    case 'sendWork':
      await queues.sendWork({ action: effect.work, batchId });
      return;
    case 'sendRequeue': {
      const { delaySeconds, version } = effect;
      await queues.sendBatch({ action: 'requeue', batchId, version }, delaySeconds);
      metrics.count(METRICS.requeued, 1, batch.provider);
      return;
    }
    case 'invokeProcessor':
      return batch.status === 'delivering' ? deliver(dependencies, batch) : undefined;
    case 'announce':
      return recordTransition(dependencies, batch);
    case 'reportStall':
      await reportStall(dependencies, batch);
      return;
    case 'cancelJob':
      await (await providers.get(batch.provider)).cancel(effect.jobId);
      return;
    case 'holdProvider':
      await holdProvider(dependencies, batch, effect);
      return;
    case 'releaseProvider':
      await releaseProvider(dependencies, batch.provider);
      return;
    case 'noteSpent':
      await noteSpent(dependencies, batch.provider, effect.amount);
      return;
    case 'deleteProviderFiles':
      return deleteProviderFiles(dependencies, batch);
    case 'reportFilesLeft': {
      const { jobIds } = effect;
      dependencies.log.error('files could not be deleted: they expire at the provider', { jobIds });
      metrics.count(METRICS.filesLeft, 1, batch.provider);
      return;
    }
  }
}

const COUNTED: Partial<Record<Status, MetricName>> = {
  running: METRICS.submitted,
  retrying: METRICS.retried,
  completed: METRICS.completed,
  failed: METRICS.failed,
  cancelled: METRICS.cancelled,
};

/** Tells the world of a state change. The end of a batch is owed until it was told. */
export async function recordTransition(
  dependencies: Dependencies,
  batch: Batch,
): Promise<BatchEvent | undefined> {
  const { bus, log, metrics } = dependencies;
  const { provider, status } = batch;
  const from = batch.previousStatus ?? status;
  log.info('batch state change', { from, to: status });
  const metric = COUNTED[status];
  // The user knows the whole: of its parts only their jobs count.
  const isWhole = batch.part === undefined;
  if (metric && (isWhole || !isEnded(status))) metrics.count(metric, 1, provider);
  if (isWhole && isEnded(status)) countRequests(dependencies, batch);
  if (isWhole) await bus.publish(stateChange(dependencies, batch, from));
  return isEnded(status) ? { type: 'endEventSent', statusAt: batch.statusAt } : undefined;
}

/** A batch that ends again after a retry is counted again, whole. */
function countRequests({ metrics }: Dependencies, { counts, provider }: Batch): void {
  const failed = counts.total - counts.succeeded;
  if (counts.succeeded > 0) metrics.count(METRICS.requestsSucceeded, counts.succeeded, provider);
  if (failed > 0) metrics.count(METRICS.requestsFailed, failed, provider);
}

/** Tells of a job that is given up: the batch stays in its status, with the reason. */
export async function reportStall(dependencies: Dependencies, batch: Batch): Promise<void> {
  const { bus, log, metrics } = dependencies;
  const { provider, job, reasons }: BatchFields = batch;
  log.error('the job is stalled: it is cancelled', { job, reason: reasons.at(-1) });
  metrics.count(METRICS.stalled, 1, provider);
  await bus.publish(stateChange(dependencies, batch, batch.status));
}

function stateChange({ clock }: Dependencies, batch: Batch, from: Status): StateChange {
  const { batchId, provider, status: to, attempt, counts, reasons } = batch;
  const { metadata } = batch.spec;
  const at = new Date(clock.now()).toISOString();
  const cost = batch.cost ?? null;
  return { version: 1, batchId, provider, from, to, attempt, counts, cost, reasons, metadata, at };
}
