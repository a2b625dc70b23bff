import { urlOf } from '../aws/objectRead.ts';
import { type ShownReason, shownReason } from '../batch/errors.ts';
import { type Failures, failuresOf } from '../batch/failures.ts';
import type { PastJob, Usage } from '../batch/job.ts';
import { type Counts, countsNow } from '../batch/ledger.ts';
import type { Problems } from '../batch/problems.ts';
import type { Batch, BatchFields } from '../batch/record.ts';
import type { Status } from '../batch/status.ts';
import { omitUndefined } from '../omitUndefined.ts';

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
    /** Requests that the job has finished. Absent if the provider does not say. */
    readonly finished?: number;
  };
  /** Jobs that have ended, the latest last, at most 20. */
  readonly jobs: readonly JobInfo[];
  /** Number of jobs that providers accepted. */
  readonly attempts: number;
  /** Number of invocations of the processor. */
  readonly deliveries: number;
  /** Number of parts. Only of a batch that is too large for one job. */
  readonly partCount?: number;
  /** Tokens of all jobs so far. */
  readonly usage: Usage;
  /** Cost of all jobs so far; null if it is not known. */
  readonly cost: number | null;
  /** Absent until the input is inspected, and without a price. */
  readonly estimatedCost?: number;
  readonly maxCost?: number;
  /** Why it failed, waited or was retried; the latest last, at most 20. */
  readonly reasons: readonly ShownReason[];
  /** Requests that failed for good, by error. Absent if there are none, or none is known yet. */
  readonly failures?: Failures;
  /** What is wrong with the input, by kind. Only if it was refused. */
  readonly problems?: Problems;
  readonly cancelRequested: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAt: string;
  readonly notBefore?: string;
  /** When the handler ends the batch with the rows that it has. */
  readonly deadlineAt: string;
  readonly endedAt?: string;
  /** `s3://` URL of the input; `input` is the snapshot of it that jobs are made from. */
  readonly source: string;
  readonly input?: string;
  readonly results?: string;
  readonly errors?: string;
  /** The refused lines of the input with their reasons. Only if the input was refused. */
  readonly inputErrors?: string;
}

/** A job that has ended. */
export interface JobInfo extends Omit<PastJob, 'submittedAt' | 'endedAt' | 'end' | 'code'> {
  readonly submittedAt: string;
  /** When the handler saw that it had ended. */
  readonly endedAt: string;
  /** `aged` means that the job had not ended when the deadline of the batch passed. */
  readonly end: Exclude<PastJob['end'], 'deadline'> | 'aged';
  /** The code of the provider's reason. Absent if it gave none. */
  readonly code?: string;
}

/** @param bucket name of the handler's bucket */
export function batchInfo(batch: Batch, bucket: string): BatchInfo {
  const { batchId, status, provider, usage, cancelRequested }: Batch = batch;
  const { input, rows, delivery, endedAt, inputErrorsKey, inputProblems }: BatchFields = batch;
  const { spec } = batch;
  const url = (key: string | undefined) => (key === undefined ? undefined : urlOf({ bucket, key }));
  return omitUndefined({
    batchId,
    status,
    statusAt: iso(batch.statusAt),
    provider,
    model: input?.model,
    endpoint: input?.endpoint ?? spec.endpoint,
    priority: spec.priority,
    counts: countsNow(batch),
    job: jobInfo(batch),
    jobs: batch.pastJobs.map(pastJobInfo),
    attempts: batch.attempt,
    deliveries: delivery?.invocations ?? 0,
    partCount: input?.parts?.length,
    usage,
    cost: batch.cost ?? null,
    estimatedCost: input?.estimatedCost,
    maxCost: spec.maxCost,
    reasons: batch.reasons.map(shownReason),
    failures: failuresOf(batch),
    problems: inputProblems,
    cancelRequested,
    metadata: spec.metadata,
    createdAt: iso(batch.createdAt),
    notBefore: optionalIso(spec.notBefore),
    deadlineAt: iso(batch.deadlineAt),
    endedAt: optionalIso(endedAt),
    source: urlOf(spec.source),
    input: url(input?.key),
    results: url(rows?.results),
    errors: url(rows?.errors),
    inputErrors: url(inputErrorsKey),
  });
}

/** The record keeps its last job, so the status says whether the job still counts. */
function jobInfo(batch: Batch) {
  if (batch.status !== 'running' && batch.status !== 'collecting') return undefined;
  const { job } = batch;
  return (
    job && omitUndefined({ id: job.id, submittedAt: iso(job.submittedAt), finished: job.progress })
  );
}

function pastJobInfo({ submittedAt, endedAt, end, ...rest }: PastJob): JobInfo {
  const times = { submittedAt: iso(submittedAt), endedAt: iso(endedAt) };
  return { ...omitUndefined(rest), ...times, end: end === 'deadline' ? 'aged' : end };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function optionalIso(time: number | undefined): string | undefined {
  return time === undefined ? undefined : iso(time);
}
