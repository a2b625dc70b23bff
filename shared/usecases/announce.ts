import type { Batch } from '../batch/batch.ts';
import type { BatchEvent } from '../batch/events.ts';
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
  const { bus, clock, log, metrics } = dependencies;
  const { batchId, provider, status, attempt, counts, reasons, metadata } = batch;
  const from = batch.previousStatus ?? status;
  log.info('batch state change', { batchId, attempt, from, to: status });
  const metric = COUNTED[status];
  if (metric) metrics.count(metric, 1, provider);
  await bus.announce({
    batchId,
    provider,
    from,
    to: status,
    attempt,
    counts,
    reasons,
    metadata,
    at: new Date(clock.now()).toISOString(),
  });
  return isEnded(status) ? { type: 'endEventSent', statusAt: batch.statusAt } : undefined;
}
