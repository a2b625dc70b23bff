import type { PlannedOutcome } from './plan.ts';

/** What a job has written. It never changes again. */
export interface JobResult {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
}

/** Why a job fails without running. */
export interface JobError {
  readonly code: string;
  readonly message: string;
}

/**
 * A job as it is stored. Its status is not stored, since it follows from these facts and the
 * time. Times are milliseconds since 1970.
 */
export interface JobRecord {
  readonly id: string;
  readonly sequence: number;
  readonly createdAt: number;
  /** Jobs of one group go through the plan together. See the journal's `batch`. */
  readonly group: string;
  /** The job's place in its group, counted from 0. */
  readonly position: number;
  readonly outcome: PlannedOutcome;
  readonly jobSeconds: number;
  /** Result of checking the input. A job with any error fails without running. */
  readonly inspection?: {
    readonly at: number;
    readonly requests: number;
    readonly errors: readonly JobError[];
  };
  readonly cancelRequestedAt?: number;
  readonly result?: JobResult;
  readonly isDeleted?: boolean;
}

export type JobStatus =
  | 'validating'
  | 'failed'
  | 'in_progress'
  | 'finalizing'
  | 'completed'
  | 'expired'
  | 'cancelling'
  | 'cancelled';

/** The state of a job at one time. Times are milliseconds since 1970. */
export interface JobSnapshot<Result extends JobResult = JobResult> {
  readonly status: JobStatus;
  /** When the job ended. Undefined while it has not. */
  readonly endedAt?: number | undefined;
  readonly inProgressAt?: number | undefined;
  readonly finalizingAt?: number | undefined;
  readonly cancellingAt?: number | undefined;
  /** Share of the requests that have been run, from 0 to 1. */
  readonly progress: number;
  /** Visible once the job has ended. */
  readonly result?: Result | undefined;
}

/** Shares of `jobSeconds` that a job spends validating, running and writing its output. */
const VALIDATING = 0.1;
const RUNNING = 0.8;
const CLOSING = 0.1;
/** The progress at which a job stops that is `stuck`, or `cancelled` or `expired` by plan. */
const HALF = 0.5;

type RecordWith<Result extends JobResult> = JobRecord & { readonly result?: Result };

/** The job at the time `now`. It depends on nothing else, so a restart does not disturb it. */
export function snapshotAt<Result extends JobResult>(
  record: RecordWith<Result>,
  now: number,
): JobSnapshot<Result> {
  const { inspection, cancelRequestedAt, result } = record;
  const spanMs = record.jobSeconds * 1000;
  const inProgressAt = Math.max(record.createdAt + VALIDATING * spanMs, inspection?.at ?? 0);
  const begun = inspection !== undefined && inProgressAt <= (cancelRequestedAt ?? now);
  if (!begun && cancelRequestedAt === undefined) return { status: 'validating', progress: 0 };
  if (inspection && inspection.errors.length > 0 && begun)
    return { status: 'failed', endedAt: inProgressAt, progress: 0 };

  const started = begun ? inProgressAt : undefined;
  const runEndsAt = cancelRequestedAt ?? inProgressAt + runningShare(record) * spanMs;
  const progress = begun ? progressAt(record, inProgressAt, Math.min(now, runEndsAt)) : 0;
  if (now < runEndsAt) return { status: 'in_progress', inProgressAt: started, progress };

  const { closing, end } = finalStatuses(record);
  const closingAt = closing === 'finalizing' ? 'finalizingAt' : 'cancellingAt';
  const past = { inProgressAt: started, [closingAt]: runEndsAt, progress };
  const endedAt = Math.max(runEndsAt + CLOSING * spanMs, result?.at ?? 0);
  return result && endedAt <= now
    ? { ...past, status: end, endedAt, result }
    : { ...past, status: closing };
}

/** How many of the job's requests had been run at the time of the snapshot. */
export function requestsRun(record: JobRecord, { progress }: Pick<JobSnapshot, 'progress'>) {
  return Math.floor(progress * (record.inspection?.requests ?? 0));
}

/** The last two statuses of a job that runs: while it writes its output, and at its end. */
export function finalStatuses({ cancelRequestedAt, outcome }: JobRecord): {
  closing: 'finalizing' | 'cancelling';
  end: 'completed' | 'expired' | 'cancelled';
} {
  if (cancelRequestedAt !== undefined || outcome === 'cancelled')
    return { closing: 'cancelling', end: 'cancelled' };
  return { closing: 'finalizing', end: outcome === 'expired' ? 'expired' : 'completed' };
}

function runningShare({ outcome }: JobRecord): number {
  if (outcome === 'stuck') return Number.POSITIVE_INFINITY;
  return outcome === 'cancelled' ? RUNNING * HALF : RUNNING;
}

function progressAt(record: JobRecord, inProgressAt: number, time: number): number {
  const { outcome, jobSeconds } = record;
  const stopsHalfway = outcome === 'stuck' || outcome === 'cancelled' || outcome === 'expired';
  const most = stopsHalfway ? HALF : 1;
  const wholeMs = RUNNING * jobSeconds * 1000;
  const share = wholeMs > 0 ? (time - inProgressAt) / wholeMs : most;
  // Rounding must not decide the end of a planned run: half of two requests is one.
  const ended = time >= inProgressAt + runningShare(record) * jobSeconds * 1000;
  return ended ? most : Math.min(most, share);
}
