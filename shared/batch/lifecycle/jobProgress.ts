import { omitUndefined } from '../../omitUndefined.ts';
import { saturated } from '../bounds.ts';
import type { Job, JobState, Timing } from '../job.ts';
import type { BatchFields } from '../record.ts';
import type { DecisionContext } from './decision.ts';

type LookContext = Pick<DecisionContext, 'policy' | 'now'>;

/** What is noted of a job that has not ended, and when it has stalled. */

/** What decides that of a job. */
type WatchedJob = Pick<Job, 'id' | 'submittedAt' | 'acceptedAt' | 'progress' | 'progressAt'>;

/**
 * Of a running batch, all that decides whether a check of its job changes or causes anything as long as
 * the job has not ended. The index of jobs shows it, so that such a check needs no record.
 */
export interface RunningFacts {
  readonly deadlineAt: number;
  /** Of the message, which decides with the entry's settings when its job has stalled. */
  readonly completionWindow: string | undefined;
  readonly job: WatchedJob;
}

/** @returns undefined for a batch of which more decides: its job is to be cancelled, or does not run */
export function runningFacts(batch: BatchFields): RunningFacts | undefined {
  const { status, deadlineAt, cancelRequested, job, spec } = batch;
  if (status !== 'running' || !job || cancelRequested || job.stalledAt !== undefined)
    return undefined;
  const { id, submittedAt, acceptedAt, progress, progressAt } = job;
  const watched = omitUndefined({ id, submittedAt, acceptedAt, progress, progressAt });
  return { deadlineAt, completionWindow: spec.completionWindow, job: watched };
}

/**
 * Whether the decision on such a check is to do nothing. It is made by the same functions as the
 * decision on the record, so both agree. The facts may be older than the record: then the record has
 * been written since, and the next sweep sees what that write made due.
 */
export function isUneventful(
  { deadlineAt, job }: RunningFacts,
  seen: JobState,
  timing: Timing | undefined,
  context: LookContext,
): boolean {
  if (seen.state === 'ended' || context.now >= deadlineAt) return false;
  const { noted, stall } = lookAt(job, seen, timing, context);
  return noted === job && stall === undefined;
}

/**
 * A look at a job that has not ended.
 *
 * @returns `noted`: the job with what is to be recorded, the same object if that is nothing; `stall`: why
 *   it has stalled, if it has
 */
export function lookAt<J extends WatchedJob>(
  job: J,
  seen: JobState,
  timing: Timing = {},
  context: LookContext,
): { readonly noted: J; readonly stall: string | undefined } {
  const noted = seen.state === 'running' ? withProgress(job, seen, timing, context) : job;
  const stall = windowStall(noted, timing, context) ?? progressStall(noted, seen, timing, context);
  return { noted, stall };
}

function withProgress<J extends WatchedJob>(
  job: J,
  { progress, isPending }: Extract<JobState, { state: 'running' }>,
  timing: Timing,
  context: LookContext,
): J {
  const known = isPending ? job : markAccepted(job, context);
  return recordProgress(known, progress, timing, context) ?? known;
}

/** The job with the time at which it was first seen accepted: one write in its life. */
function markAccepted<J extends WatchedJob>(job: J, { now }: LookContext): J {
  return job.acceptedAt === undefined ? { ...job, acceptedAt: now } : job;
}

const HOUR_MS = 60 * 60 * 1000;

/** Progress is recorded this often within `progressHours`: at every check it would cost a write per sweep. */
const RECORDS_PER_LIMIT = 10;
/** And as if it were this long for a provider that has no such limit. */
const USUAL_PROGRESS_HOURS = 24;

/** The job with its new progress; undefined if there is none, or if it was recorded recently. */
function recordProgress<J extends WatchedJob>(
  job: J,
  seen: number | undefined,
  { progressHours = USUAL_PROGRESS_HOURS }: Timing,
  { now }: LookContext,
): J | undefined {
  const progress = saturated(seen ?? 0);
  if (progress <= (job.progress ?? 0)) return undefined;
  const { progressAt = job.submittedAt } = job;
  const recordAfter = progressAt + (progressHours * HOUR_MS) / RECORDS_PER_LIMIT;
  return now >= recordAfter ? { ...job, progress, progressAt: now } : undefined;
}

/** Why a job is stalled that has outlived its completion window and the grace after it, if it has. */
function windowStall(
  { id, submittedAt }: WatchedJob,
  { completionHours }: Timing,
  { policy, now }: LookContext,
): string | undefined {
  if (completionHours === undefined) return undefined;
  const graceHours = (policy.windowGraceSeconds * 1000) / HOUR_MS;
  if (now < submittedAt + (completionHours + graceHours) * HOUR_MS) return undefined;
  return `job ${id} was submitted at ${timeOf(submittedAt)} and has not ended within its ${completionHours} hours and ${graceHours} more: it is cancelled`;
}

/**
 * Why a job is stalled that finished requests and then none for too long, if it is. A job that has
 * finished none yet may only be waiting, and what is not known says nothing about progress.
 */
function progressStall(
  { id, progress, progressAt }: WatchedJob,
  seen: JobState,
  { progressHours }: Timing,
  { now }: LookContext,
): string | undefined {
  if (seen.state !== 'running' || progressHours === undefined) return undefined;
  if (progressAt === undefined || now < progressAt + progressHours * HOUR_MS) return undefined;
  return `job ${id} has finished no request since ${timeOf(progressAt)}, when it had ${progress}, for ${progressHours} hours: it is cancelled`;
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
