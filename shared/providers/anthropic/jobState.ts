import type { JobState, Outcome } from '../../batch/job.ts';
import type { WireBatch } from './wire.ts';

const RUNNING: ReadonlySet<string> = new Set(['in_progress', 'canceling']);

/** What Anthropic's answer for a batch says of the job. */
export function jobStateOf(batch: WireBatch): JobState {
  const status = batch.processing_status;
  // No progress is told: the counts stay 0 until the end.
  if (RUNNING.has(status)) return { state: 'running' };
  if (status !== 'ended') return { state: 'unknown', status: status.slice(0, 100) };
  return { state: 'ended', outcome: outcomeOf(batch) };
}

function outcomeOf(batch: WireBatch): Outcome {
  const { id: jobId, archived_at: archivedAt } = batch;
  const kind = kindOf(batch);
  if (archivedAt == null) return { kind, jobId, files: [jobId] };
  const message = `Anthropic archived the job's results at ${archivedAt}`;
  return { kind, jobId, files: [], reason: { code: 'results_archived', message } };
}

/** `ended` says nothing of success. */
function kindOf({ request_counts: counts, cancel_initiated_at: cancelledAt }: WireBatch) {
  if (cancelledAt != null && counts.canceled > 0) return 'cancelled';
  return counts.expired > 0 ? 'expired' : 'completed';
}
