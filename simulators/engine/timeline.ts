import type { JobRecord, Settlement } from './jobs.ts';

type Status =
  | 'validating'
  | 'failed'
  | 'in_progress'
  | 'finalizing'
  | 'completed'
  | 'expired'
  | 'cancelling'
  | 'cancelled';

/** Where a job is at one moment. Times are milliseconds since 1970. */
export interface Moment<S extends Settlement = Settlement> {
  readonly status: Status;
  /** When it came into this status, if it is an end. */
  readonly reachedAt?: number | undefined;
  readonly inProgressAt?: number | undefined;
  readonly finalizingAt?: number | undefined;
  readonly cancellingAt?: number | undefined;
  /** Share of the requests that have been run, 0 to 1. */
  readonly progress: number;
  /** What it wrote, once that may be seen. */
  readonly settled?: S | undefined;
}

/** Shares of `jobSeconds`: validating, running, writing the output. */
const VALIDATING = 0.1;
const RUNNING = 0.8;
const CLOSING = 0.1;
/** A job that is `stuck` or `cancelled` by plan gets no further than this; so does `expired`. */
const HALF = 0.5;

type Recorded<S extends Settlement> = JobRecord & { readonly settlement?: S };

/** The job at the time `now`: nothing else changes it, so it goes on through a restart. */
export function momentOf<S extends Settlement>(record: Recorded<S>, now: number): Moment<S> {
  const { inspection, cancelRequestedAt, settlement } = record;
  const spanMs = record.jobSeconds * 1000;
  const inProgressAt = Math.max(record.createdAt + VALIDATING * spanMs, inspection?.at ?? 0);
  const begun = inspection !== undefined && inProgressAt <= (cancelRequestedAt ?? now);
  if (!begun && cancelRequestedAt === undefined) return { status: 'validating', progress: 0 };
  if (inspection && inspection.errors.length > 0 && begun)
    return { status: 'failed', reachedAt: inProgressAt, progress: 0 };

  const started = begun ? inProgressAt : undefined;
  const runEndsAt = cancelRequestedAt ?? inProgressAt + runningShare(record) * spanMs;
  const progress = begun ? progressAt(record, inProgressAt, Math.min(now, runEndsAt)) : 0;
  if (now < runEndsAt) return { status: 'in_progress', inProgressAt: started, progress };

  const { closing, end } = lastStatuses(record);
  const closingAt = closing === 'finalizing' ? 'finalizingAt' : 'cancellingAt';
  const past = { inProgressAt: started, [closingAt]: runEndsAt, progress };
  const reachedAt = Math.max(runEndsAt + CLOSING * spanMs, settlement?.at ?? 0);
  return settlement && reachedAt <= now
    ? { ...past, status: end, reachedAt, settled: settlement }
    : { ...past, status: closing };
}

/** How many of the job's requests had been run at this moment. */
export function ranRequests(record: JobRecord, { progress }: Pick<Moment, 'progress'>): number {
  return Math.floor(progress * (record.inspection?.requests ?? 0));
}

/** The statuses of a job that runs: while it writes its output, and then. */
export function lastStatuses({ cancelRequestedAt, word }: JobRecord): {
  closing: 'finalizing' | 'cancelling';
  end: 'completed' | 'expired' | 'cancelled';
} {
  if (cancelRequestedAt !== undefined || word === 'cancelled')
    return { closing: 'cancelling', end: 'cancelled' };
  return { closing: 'finalizing', end: word === 'expired' ? 'expired' : 'completed' };
}

function runningShare({ word }: JobRecord): number {
  if (word === 'stuck') return Number.POSITIVE_INFINITY;
  return word === 'cancelled' ? RUNNING * HALF : RUNNING;
}

function progressAt(record: JobRecord, inProgressAt: number, time: number): number {
  const { word, jobSeconds } = record;
  const most = word === 'stuck' || word === 'cancelled' || word === 'expired' ? HALF : 1;
  const wholeMs = RUNNING * jobSeconds * 1000;
  const share = wholeMs > 0 ? (time - inProgressAt) / wholeMs : most;
  // The end of the run by plan is not left to rounding: half of two requests is one.
  const ended = time >= inProgressAt + runningShare(record) * jobSeconds * 1000;
  return ended ? most : Math.min(most, share);
}
