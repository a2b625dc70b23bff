import type { ClientObjects } from '../batch/clientPorts.ts';
import { type ShownReason, shownReason } from '../batch/errors.ts';
import { type Failures, failuresOf } from '../batch/failures.ts';
import { ownObject } from '../batch/ids.ts';
import type { PastJob, Usage } from '../batch/job.ts';
import { type Counts, countsNow, requestsToSend } from '../batch/ledger.ts';
import type { Problems } from '../batch/problems.ts';
import type { Batch, BatchFields, Delivery } from '../batch/record.ts';
import type { Status } from '../batch/status.ts';
import { omitUndefined } from '../omitUndefined.ts';
import type { WaitingFor } from '../quota/waitingText.ts';
import type { PartsSum } from './parts.ts';

/** The state of a batch. Times are ISO 8601, money is USD; a field that does not apply is absent. */
export interface BatchInfo {
  readonly batchId: string;
  readonly status: Status;
  /** When the status was entered. */
  readonly statusAt: string;
  /** The provider entry where it waits or runs. */
  readonly provider: string;
  readonly model?: string;
  readonly endpoint?: string;
  readonly priority: number;
  /**
   * `succeeded + failed + unfinished = total`. All are 0 until the input is inspected. What runs again
   * after a `retry` is unfinished.
   */
  readonly counts: Counts;
  /** The job that runs at the provider, or whose rows are being collected. */
  readonly job?: {
    readonly id: string;
    readonly submittedAt: string;
    /** When the provider was first seen to have accepted it. Absent until then. */
    readonly acceptedAt?: string;
    /** Requests that the job has finished. Absent if the provider does not say. */
    readonly finished?: number;
    /**
     * About when it will end, if it goes on at the pace of its recorded progress. Absent if too little
     * is known.
     */
    readonly estimatedEndAt?: string;
  };
  /** What it waits for now. Absent once it has ended. */
  readonly waitingFor?: WaitingFor;
  /** Jobs that have ended, the latest last, at most 20. */
  readonly jobs: readonly JobInfo[];
  /** Number of jobs that providers accepted. */
  readonly attempts: number;
  /** Number of invocations of the processor. */
  readonly deliveries: number;
  /**
   * Number of parts. Only of a batch that is too large for one job. While they run, its counts, usage,
   * cost and attempts are summed up from them; in a long listing not those of every such batch, whose
   * `waitingFor` then does not say how many of them run.
   */
  readonly partCount?: number;
  /** Requests that running jobs of its parts have finished, as far as providers say. */
  readonly finishedInParts?: number;
  /** Tokens of all jobs so far. */
  readonly usage: Usage;
  /** Cost of all jobs so far; null if it is not known. */
  readonly cost: number | null;
  /** Absent until the input is inspected, and without a price. */
  readonly estimatedCost?: number;
  /** Estimated prompt tokens of all its requests. Absent until the input is inspected. */
  readonly estimatedTokens?: number;
  readonly maxCost?: number;
  /** Why it failed, waited or was retried; the latest last, at most 20. */
  readonly reasons: readonly ShownReason[];
  /** Requests that failed for good, by error. Absent if there are none, or none is known yet. */
  readonly failures?: Failures;
  /** What is wrong with the input, by kind. Only if it was refused. */
  readonly problems?: Problems;
  readonly cancelRequested: boolean;
  /** Who it belongs to. Absent if to no tenant. */
  readonly tenant?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAt: string;
  /** When the inspection of its input had ended. Absent until then, and where that was not recorded. */
  readonly inspectedAt?: string;
  /** Since when it wants the job that it waits for, or that runs. Absent if there is none. */
  readonly queuedSince?: string;
  /**
   * The last delivery to the processor: its number, from 1, when it was begun, and when its outcome was
   * known. Absent before the first; a time is absent where it was not recorded.
   */
  readonly lastDelivery?: {
    readonly number: number;
    readonly startedAt?: string;
    readonly endedAt?: string;
  };
  /** When a user asked to cancel it. */
  readonly cancelRequestedAt?: string;
  readonly notBefore?: string;
  /** When the handler ends the batch with the rows that it has. */
  readonly deadlineAt: string;
  readonly endedAt?: string;
  /**
   * `s3://` URL of the input, or its path if objects are files; `input` is the snapshot of it that jobs
   * are made from. Absent once it was removed.
   */
  readonly source: string;
  readonly input?: string;
  /**
   * When the copies of the input were removed, or began to be: the batch can neither be retried nor
   * redelivered any more. Absent as long as they are kept.
   */
  readonly inputExpiredAt?: string;
  readonly results?: string;
  readonly errors?: string;
  /** The refused lines of the input with their reasons. Only if the input was refused. */
  readonly inputErrors?: string;
}

/** A job that has ended. */
export interface JobInfo
  extends Omit<PastJob, 'submittedAt' | 'endedAt' | 'end' | 'code' | 'rowsToken'> {
  readonly submittedAt: string;
  /** When the handler saw that it had ended. */
  readonly endedAt: string;
  /** `aged` means that the job had not ended when the deadline of the batch passed. */
  readonly end: Exclude<PastJob['end'], 'deadline'> | 'aged';
  /** The code of the provider's reason. Absent if it gave none. */
  readonly code?: string;
}

/** What the record does not hold. */
export interface BatchSurroundings {
  readonly waitingFor?: WaitingFor;
  /** The numbers of its parts, which take the place of its own while they run. */
  readonly sum?: PartsSum;
  /** Milliseconds since 1970. */
  readonly now?: number;
}

/** @param objects those of the handler */
export function batchInfo(
  batch: Batch,
  objects: Pick<ClientObjects, 'bucket' | 'prefix' | 'locationOf'>,
  { waitingFor, sum, now }: BatchSurroundings = {},
): BatchInfo {
  const { batchId, status, provider, cancelRequested }: Batch = batch;
  const numbers = sum ?? { ...batch, counts: countsNow(batch), attempts: batch.attempt };
  const { input, rows, delivery, endedAt, inputErrorsKey, inputProblems }: BatchFields = batch;
  const { spec } = batch;
  const url = (key: string | undefined) =>
    key === undefined ? undefined : objects.locationOf(ownObject(objects, key));
  return omitUndefined({
    batchId,
    status,
    statusAt: iso(batch.statusAt),
    provider,
    model: input?.model,
    endpoint: input?.endpoint ?? spec.endpoint,
    priority: spec.priority,
    counts: numbers.counts,
    job: jobInfo(batch, now),
    waitingFor,
    jobs: batch.pastJobs.map(pastJobInfo),
    attempts: numbers.attempts,
    deliveries: delivery?.invocations ?? 0,
    partCount: input?.parts?.length,
    finishedInParts: sum?.finishedInJobs,
    usage: numbers.usage,
    cost: numbers.cost ?? null,
    estimatedCost: input?.estimatedCost,
    estimatedTokens: input?.estimatedTokens,
    maxCost: spec.maxCost,
    reasons: batch.reasons.map(shownReason),
    failures: sum ? sum.failures : failuresOf(batch),
    problems: inputProblems,
    cancelRequested,
    tenant: spec.tenant,
    metadata: spec.metadata,
    createdAt: iso(batch.createdAt),
    inspectedAt: optionalIso(input?.inspectedAt),
    queuedSince: optionalIso(batch.queuedSince),
    lastDelivery: delivery && deliveryInfo(delivery),
    cancelRequestedAt: optionalIso(batch.cancelRequestedAt),
    notBefore: optionalIso(spec.notBefore),
    deadlineAt: iso(batch.deadlineAt),
    endedAt: optionalIso(endedAt),
    source: objects.locationOf(spec.source),
    input: batch.inputExpiredAt === undefined ? url(input?.key) : undefined,
    inputExpiredAt: optionalIso(batch.inputExpiredAt),
    results: url(rows?.results),
    errors: url(rows?.errors),
    inputErrors: url(inputErrorsKey),
  });
}

/** The record keeps its last job, so the status says whether the job still counts. */
function jobInfo(batch: Batch, now: number | undefined) {
  if (batch.status !== 'running' && batch.status !== 'collecting') return undefined;
  const { job } = batch;
  return (
    job &&
    omitUndefined({
      id: job.id,
      submittedAt: iso(job.submittedAt),
      acceptedAt: optionalIso(job.acceptedAt),
      finished: job.progress,
      estimatedEndAt: now === undefined ? undefined : optionalIso(estimatedEnd(batch, now)),
    })
  );
}

function deliveryInfo({ number, startedAt, endedAt }: Delivery) {
  const times = { startedAt: optionalIso(startedAt), endedAt: optionalIso(endedAt) };
  return { number, ...omitUndefined(times) };
}

/** The least share of the requests that says something about the others. */
const LEAST_SHARE = 0.05;

/** When the job ends at its pace until the last recorded progress, unless it should have by now. */
function estimatedEnd(batch: Batch, now: number): number | undefined {
  if (batch.status !== 'running' || batch.cancelRequested) return undefined;
  const { submittedAt, progress = 0, progressAt, stalledAt } = batch.job;
  const share = progress / requestsToSend(batch);
  if (progressAt === undefined || stalledAt !== undefined) return undefined;
  if (!(share >= LEAST_SHARE && share < 1)) return undefined;
  const end = submittedAt + (progressAt - submittedAt) / share;
  return end > now ? end : undefined;
}

export function pastJobInfo({
  submittedAt,
  endedAt,
  end,
  rowsToken: _,
  ...rest
}: PastJob): JobInfo {
  const times = { submittedAt: iso(submittedAt), endedAt: iso(endedAt) };
  return { ...omitUndefined(rest), ...times, end: end === 'deadline' ? 'aged' : end };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function optionalIso(time: number | undefined): string | undefined {
  return time === undefined ? undefined : iso(time);
}
