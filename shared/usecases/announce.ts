import type { Batch } from '../batch/batch.ts';
import type { BatchEvent } from '../batch/events.ts';
import type { StateChange } from '../batch/stateChange.ts';
import { isEnded, type Status } from '../batch/status.ts';
import { METRICS, type MetricName } from '../metrics.ts';
import type { Dependencies } from './dependencies.ts';

const COUNTED: Partial<Record<Status, MetricName>> = {
  running: METRICS.submitted,
  retrying: METRICS.retried,
  completed: METRICS.completed,
  failed: METRICS.failed,
  cancelled: METRICS.cancelled,
};

/** Tells the world of a state change. The end of a batch is owed until it was told. */
export async function announce(
  dependencies: Dependencies,
  batch: Batch,
): Promise<BatchEvent | undefined> {
  const { bus, log, metrics } = dependencies;
  const { provider, status } = batch;
  const from = batch.previousStatus ?? status;
  log.info('batch state change', { from, to: status });
  const metric = COUNTED[status];
  // The user knows the whole: of its parts only their jobs count.
  const isWhole = batch.parent === undefined;
  if (metric && (isWhole || !isEnded(status))) metrics.count(metric, 1, provider);
  if (isWhole && isEnded(status)) countRequests(dependencies, batch);
  if (isWhole) await bus.announce(stateChange(dependencies, batch, from));
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
  const { provider, job, reasons } = batch;
  log.error('the job is stalled: it is cancelled', { job, reason: reasons.at(-1) });
  metrics.count(METRICS.stalled, 1, provider);
  await bus.announce(stateChange(dependencies, batch, batch.status));
}

function stateChange({ clock }: Dependencies, batch: Batch, from: Status): StateChange {
  const { batchId, provider, status: to, attempt, counts, reasons, metadata } = batch;
  const at = new Date(clock.now()).toISOString();
  const cost = batch.cost ?? null;
  return { version: 1, batchId, provider, from, to, attempt, counts, cost, reasons, metadata, at };
}
