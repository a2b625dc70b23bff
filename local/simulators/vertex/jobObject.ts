import { type Moment, ranRequests } from '../jobs/timeline.ts';
import { tableIdOf } from './tables.ts';
import type { VertexJob } from './vertexJob.ts';
import { outputDirectory } from './vertexJobs.ts';

const STATES: Record<Moment['status'], string> = {
  validating: 'JOB_STATE_PENDING',
  failed: 'JOB_STATE_FAILED',
  in_progress: 'JOB_STATE_RUNNING',
  finalizing: 'JOB_STATE_RUNNING',
  completed: 'JOB_STATE_SUCCEEDED',
  expired: 'JOB_STATE_EXPIRED',
  cancelling: 'JOB_STATE_CANCELLING',
  cancelled: 'JOB_STATE_CANCELLED',
};
/** Numbers of google.rpc.Code. */
const CODES: Readonly<Record<string, number>> = { INVALID_ARGUMENT: 3, RESOURCE_EXHAUSTED: 8 };

/**
 * A job as the API shows it at one moment. Fields that are undefined are not sent.
 *
 * @param name the job's resource name
 */
export function jobObject(name: string, job: VertexJob, moment: Moment) {
  const { displayName, model, labels, inputUri, outputUri } = job;
  const { status, settled, reachedAt, inProgressAt } = moment;
  const isTable = outputUri.startsWith('bq://');
  const error = status === 'failed' ? job.inspection?.errors[0] : undefined;
  const hasFailures = status === 'completed' && (settled?.failed ?? 0) > 0;
  return {
    name,
    displayName,
    model,
    labels,
    state: hasFailures ? 'JOB_STATE_PARTIALLY_SUCCEEDED' : STATES[status],
    error: error && { code: CODES[error.code] ?? 13, message: error.message },
    createTime: isoTime(job.createdAt),
    startTime: inProgressAt === undefined ? undefined : isoTime(inProgressAt),
    endTime: reachedAt === undefined ? undefined : isoTime(reachedAt),
    completionStats: statsOf(job, moment),
    inputConfig: isTable
      ? { instancesFormat: 'bigquery', bigquerySource: { inputUri } }
      : { instancesFormat: 'jsonl', gcsSource: { uris: [inputUri] } },
    outputConfig: isTable
      ? { predictionsFormat: 'bigquery', bigqueryDestination: { outputUri } }
      : { predictionsFormat: 'jsonl', gcsDestination: { outputUriPrefix: outputUri } },
    outputInfo: settled && outputInfo(job, isTable),
  };
}

function outputInfo(job: VertexJob, isTable: boolean): object {
  if (!isTable) return { gcsOutputDirectory: outputDirectory(job) };
  const bigqueryOutputTable = tableIdOf(job.outputUri).split('.')[1];
  const bigqueryOutputDataset = job.outputUri.replace(/\.[^.]*$/, '');
  return { bigqueryOutputDataset, bigqueryOutputTable };
}

/** Counts are int64, which JSON has as texts. */
function statsOf(job: VertexJob, moment: Moment): object | undefined {
  const { settled, inProgressAt } = moment;
  if (inProgressAt === undefined) return undefined;
  const successful = settled?.succeeded ?? ranRequests(job, moment);
  const failed = settled?.failed ?? 0;
  const incomplete = (job.inspection?.requests ?? 0) - successful - failed;
  return {
    successfulCount: String(successful),
    failedCount: String(failed),
    incompleteCount: String(incomplete),
  };
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
