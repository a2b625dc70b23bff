import { type Moment, ranRequests } from '../jobs/timeline.ts';
import { verdictCounts } from '../verdicts.ts';
import { type BatchJob, responsesFileOf } from './batchJob.ts';
import { rpcStatus, type StatusName } from './errors.ts';

const STATES: Record<Moment['status'], string> = {
  validating: 'BATCH_STATE_PENDING',
  failed: 'BATCH_STATE_FAILED',
  in_progress: 'BATCH_STATE_RUNNING',
  finalizing: 'BATCH_STATE_RUNNING',
  completed: 'BATCH_STATE_SUCCEEDED',
  expired: 'BATCH_STATE_EXPIRED',
  cancelling: 'BATCH_STATE_RUNNING',
  cancelled: 'BATCH_STATE_CANCELLED',
};

const TYPES = 'type.googleapis.com/google.ai.generativelanguage.v1main';

/** A batch as the API shows it at one moment, as an operation. What is undefined is not sent. */
export function batchObject(job: BatchJob, moment: Moment) {
  const { status, reachedAt } = moment;
  const name = `batches/${job.id}`;
  const createTime = isoTime(job.createdAt);
  const output =
    status === 'completed' ? { responsesFile: `files/${responsesFileOf(job.id)}` } : undefined;
  return {
    name,
    metadata: {
      '@type': `${TYPES}.${job.kind}Batch`,
      model: job.model,
      displayName: job.displayName,
      inputConfig: { fileName: job.inputFile },
      output,
      createTime,
      endTime: reachedAt === undefined ? undefined : isoTime(reachedAt),
      updateTime: isoTime(reachedAt ?? moment.inProgressAt ?? job.createdAt),
      batchStats: statsOf(job, moment),
      state: STATES[status],
      name,
    },
    done: reachedAt === undefined ? undefined : true,
    error: errorOf(job, moment),
    response: output && { '@type': `${TYPES}.${job.kind}BatchOutput`, ...output },
  };
}

/** Counts are strings, and those of 0 are left out. */
function statsOf(job: BatchJob, moment: Moment) {
  const { settled } = moment;
  const counts = settled ?? verdictCounts(job.word, ranRequests(job, moment), job.requests);
  const pending = job.requests - counts.succeeded - counts.failed;
  return {
    requestCount: countOf(job.requests),
    successfulRequestCount: countOf(counts.succeeded),
    failedRequestCount: countOf(counts.failed),
    pendingRequestCount: countOf(settled ? 0 : pending),
  };
}

function countOf(count: number): string | undefined {
  return count === 0 ? undefined : String(count);
}

function errorOf({ inspection }: BatchJob, { status }: Moment) {
  if (status === 'cancelled') return { code: 1, message: 'The batch was cancelled.' };
  const error = status === 'failed' ? inspection?.errors[0] : undefined;
  return error && rpcStatus(error.code as StatusName, error.message);
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
