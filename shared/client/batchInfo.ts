import { urlOf } from '../aws/objectRead.ts';
import type { Reason } from '../batch/errors.ts';
import type { PastJob, Usage } from '../batch/job.ts';
import type { Counts } from '../batch/ledger.ts';
import type { Batch, BatchFields } from '../batch/record.ts';
import type { Status } from '../batch/status.ts';
import { omitUndefined } from '../omitUndefined.ts';

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
export interface JobInfo extends Omit<PastJob, 'submittedAt' | 'endedAt' | 'end' | 'code'> {
  readonly submittedAt: string;
  /** When its end was seen. */
  readonly endedAt: string;
  /** `aged`: it had not ended when the batch's deadline had passed. */
  readonly end: Exclude<PastJob['end'], 'deadline'> | 'aged';
  /** Of the provider's reason, if it gave one. */
  readonly code?: string;
}

/** @param bucket the handler's */
export function batchInfo(batch: Batch, bucket: string): BatchInfo {
  const { batchId, status, provider, counts, usage, reasons, cancelRequested }: Batch = batch;
  const { input, rows, delivery, endedAt, inputErrorsKey }: BatchFields = batch;
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
    counts,
    job: jobInfo(batch),
    jobs: batch.pastJobs.map(pastJobInfo),
    attempts: batch.attempt,
    deliveries: delivery?.invocations ?? 0,
    partCount: input?.parts?.length,
    usage,
    cost: batch.cost ?? null,
    estimatedCost: input?.estimatedCost,
    maxCost: spec.maxCost,
    reasons,
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

/** Only of a job that is at work or being collected: a record names its last job to the end. */
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
