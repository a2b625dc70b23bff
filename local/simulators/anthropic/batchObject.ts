import type { Moment } from '../jobs/timeline.ts';
import type { BatchJob } from './batchJob.ts';

const WINDOW_MS = 24 * 60 * 60 * 1000;

/** A batch as the API shows it at one moment: its counts stay 0 until the end. */
export function batchObject(job: BatchJob, moment: Moment, baseUrl: string) {
  const { settled, reachedAt, cancellingAt } = moment;
  const status = cancellingAt === undefined ? 'in_progress' : 'canceling';
  return {
    id: job.id,
    type: 'message_batch',
    processing_status: settled ? 'ended' : status,
    request_counts: countsOf(job, moment),
    ended_at: time(settled && reachedAt),
    created_at: time(job.createdAt),
    expires_at: time(job.createdAt + WINDOW_MS),
    archived_at: null,
    cancel_initiated_at: time(cancellingAt),
    results_url: settled ? `${baseUrl}/v1/messages/batches/${job.id}/results` : null,
  };
}

function countsOf({ requests }: BatchJob, { settled, status }: Moment) {
  const none = { processing: 0, succeeded: 0, errored: 0, canceled: 0, expired: 0 };
  if (!settled) return { ...none, processing: requests };
  const { succeeded, failed: errored } = settled;
  const left = status === 'cancelled' ? 'canceled' : 'expired';
  return { ...none, succeeded, errored, [left]: requests - succeeded - errored };
}

function time(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : new Date(milliseconds).toISOString();
}
