import type { Job } from '../job.ts';
import type { Moment } from './decision.ts';

/** Noting every step would cost a write with every sweep; so many notes per limit are enough. */
const NOTES_PER_LIMIT = 10;

/** The job with its progress noted, if there is progress and it is time to note it again. */
export function notedProgress(
  job: Job,
  progress: number | undefined,
  { policy, now }: Moment,
): Job | undefined {
  if (progress === undefined || progress <= (job.progress ?? 0)) return undefined;
  const noteAfter = lastProgress(job) + (policy.stallSeconds * 1000) / NOTES_PER_LIMIT;
  return now >= noteAfter ? { ...job, progress, progressAt: now } : undefined;
}

/** Whether the job has gone too long without progress, or past its window. */
export function isStalled(job: Job, completionWindow: string, { policy, now }: Moment): boolean {
  const windowMs = Number.parseInt(completionWindow, 10) * 3_600_000;
  const overdueAt = job.submittedAt + windowMs + policy.windowGraceSeconds * 1000;
  return now >= overdueAt || now >= lastProgress(job) + policy.stallSeconds * 1000;
}

function lastProgress({ progressAt, submittedAt }: Job): number {
  return progressAt ?? submittedAt;
}
