import { urlOf } from '../aws/objectRead.ts';
import type { Reason } from '../batch/errors.ts';
import type { Usage } from '../batch/job.ts';
import type { Batch, Counts, PastJob } from '../batch/record.ts';
import type { Status } from '../batch/status.ts';

/** How a batch stands. What it may not have is absent; times are ISO 8601, money is USD. */
export interface BatchInfo {
  readonly batchId: string;
  readonly status: Status;
  /** When the status was entered. */
  readonly statusAt: string;
  /** The provider entry where it is now. */
  readonly provider: string;
  readonly model?: string;
  readonly endpoint?: string;
  readonly priority: number;
  /** `succeeded + failed + unfinished = total`; all 0 until the input was inspected. */
  readonly counts: Counts;
  /** The job that the provider has, or whose output is being collected. */
  readonly job?: {
    readonly id: string;
    readonly submittedAt: string;
    /** Requests that it has finished, where the provider tells. */
    readonly finished?: number;
  };
  /** Jobs that are over, the latest last, 20 at most. */
  readonly jobs: readonly JobInfo[];
  /** Jobs that providers took on. */
  readonly attempts: number;
  /** Invocations of the processor. */
  readonly deliveries: number;
  /** Of a batch that is too large for one job: how many parts it was cut into. */
  readonly partCount?: number;
  readonly usage: Usage;
  /** Of all jobs so far; null if it is not known. */
  readonly cost: number | null;
  readonly estimatedCost?: number;
  readonly maxCost?: number;
  /** Why it failed, waits or was retried: the latest last, 20 at most. */
  readonly reasons: readonly Reason[];
  readonly cancelRequested: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAt: string;
  readonly notBefore?: string;
  /** When it ends with what it has. */
  readonly deadlineAt: string;
  readonly endedAt?: string;
  /** URLs of its objects. */
  readonly source: string;
  readonly input?: string;
  readonly results?: string;
  readonly errors?: string;
  /** Why the input was refused, line by line. */
  readonly inputErrors?: string;
}

/** What became of one job. */
export interface JobInfo extends Omit<PastJob, 'submittedAt' | 'endedAt' | 'code'> {
  readonly submittedAt: string;
  /** When its end was seen. */
  readonly endedAt: string;
  /** Of the provider's reason, if it gave one. */
  readonly code?: string;
}

/** @param bucket the handler's */
export function batchInfo(batch: Batch, bucket: string): BatchInfo {
  const { batchId, status, provider, model, endpoint, priority, counts } = batch;
  const { usage, maxCost, reasons, cancelRequested, metadata, input, rows } = batch;
  const url = (key: string | undefined) => (key === undefined ? undefined : urlOf({ bucket, key }));
  return defined({
    batchId,
    status,
    statusAt: iso(batch.statusAt),
    provider,
    model,
    endpoint,
    priority,
    counts,
    job: jobInfo(batch),
    jobs: batch.pastJobs.map(pastJobInfo),
    attempts: batch.attempt,
    deliveries: batch.delivery?.invocations ?? 0,
    partCount: batch.parts?.length,
    usage,
    cost: batch.cost ?? null,
    estimatedCost: input?.estimatedCost,
    maxCost,
    reasons,
    cancelRequested,
    metadata,
    createdAt: iso(batch.createdAt),
    notBefore: optionalIso(batch.notBefore),
    deadlineAt: iso(batch.deadlineAt),
    endedAt: optionalIso(batch.endedAt),
    source: urlOf(batch.source),
    input: url(input?.key),
    results: url(rows?.results),
    errors: url(rows?.errors),
    inputErrors: url(batch.inputErrorsKey),
  }) as BatchInfo;
}

/** A record names its last job to the end. */
function jobInfo({ status, job }: Batch) {
  if (job === undefined || (status !== 'running' && status !== 'collecting')) return undefined;
  return defined({ id: job.id, submittedAt: iso(job.submittedAt), finished: job.progress });
}

function pastJobInfo({ submittedAt, endedAt, ...rest }: PastJob): JobInfo {
  const times = { submittedAt: iso(submittedAt), endedAt: iso(endedAt) };
  return defined({ ...rest, ...times }) as JobInfo;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function optionalIso(time: number | undefined): string | undefined {
  return time === undefined ? undefined : iso(time);
}

/** Without the fields that are undefined. */
function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
