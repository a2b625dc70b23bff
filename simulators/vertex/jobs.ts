import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { DocumentStore } from '../engine/documents.ts';
import { type JobRun, type JobSettings, Jobs } from '../engine/jobs.ts';
import type { JobOutput } from '../engine/run.ts';
import {
  type JobRecord,
  type JobSnapshot,
  type JobStatus,
  requestsRun,
} from '../engine/timeline.ts';
import { ApiError, invalid, notFound } from './errors.ts';
import { fetchInput, idOfLine, type Stores } from './input.ts';
import { writeOutput } from './replies.ts';
import { tableIdOf } from './tables.ts';

/** A create call whose values are allowed. */
export interface CreateRequest {
  readonly displayName: string;
  readonly model: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `gs://…` or `bq://…` */
  readonly inputUri: string;
  readonly outputUri: string;
}

/** A batch prediction job as it is stored. */
export interface VertexJob extends JobRecord, CreateRequest {
  /** Why the job cannot run. Absent if it can. */
  readonly problem?: string;
  /** What is wrong with the project's set-up. Absent: nothing. */
  readonly setupError?: keyof typeof SETUP_ERRORS;
  /** Whether the project had too many jobs when this one was created. */
  readonly isOverLimit: boolean;
}

const QUOTA = 'Quota exceeded for aiplatform.googleapis.com/concurrent batch prediction jobs.';
const LARGEST_ID = 2 ** 47;
const OUTPUT_COLUMNS = [
  { name: 'custom_id', type: 'STRING' },
  { name: 'id', type: 'STRING' },
  { name: 'request', type: 'JSON' },
  { name: 'processed_time', type: 'STRING' },
  { name: 'response', type: 'JSON' },
  { name: 'status', type: 'STRING' },
];

/** The resource name of a job. It stays when the job is deleted, for the journal. */
interface NameRecord {
  readonly id: string;
  readonly sequence: number;
  readonly name: string;
}

interface VertexSettings extends JobSettings {
  readonly stores: Stores;
  readonly jobLimit?: number | undefined;
  readonly jobLimitRefusal: 'job' | 'create';
  readonly setupError?: keyof typeof SETUP_ERRORS | undefined;
}

/** The batch prediction jobs of the project. */
export class VertexJobs {
  readonly jobs: Jobs<VertexJob>;
  readonly #settings: VertexSettings;
  readonly #names: DocumentStore<NameRecord>;

  constructor(settings: VertexSettings) {
    const { dataDir } = settings;
    this.#settings = settings;
    mkdirSync(join(dataDir, 'outputs'), { recursive: true });
    this.#names = new DocumentStore(join(dataDir, 'names'));
    this.jobs = new Jobs(settings, {
      idOf: idOfLine,
      errorsOf,
      write: (run) => this.#write(run),
    });
  }

  /** @throws ApiError if the output exists already or the project has too many jobs */
  async create(
    { project, location }: { readonly project: string; readonly location: string },
    request: CreateRequest,
  ): Promise<VertexJob> {
    const { jobLimit = Number.POSITIVE_INFINITY, jobLimitRefusal, stores } = this.#settings;
    const { outputUri, labels } = request;
    const isTable = outputUri.startsWith('bq://');
    if (isTable && stores.tables.find(tableIdOf(outputUri)) !== undefined)
      throw invalid(`The BigQuery table ${outputUri} already exists.`);
    const isOverLimit = this.jobs.unfinished().length >= jobLimit;
    if (isOverLimit && jobLimitRefusal === 'create') throw new ApiError(429, QUOTA);

    const id = String(randomInt(LARGEST_ID));
    const name = `projects/${project}/locations/${location}/batchPredictionJobs/${id}`;
    this.#names.save({ id, sequence: this.#names.nextSequence(), name });
    const problem = await fetchInput(stores, request, this.jobs.inputPath(id));
    const key = labels.batch_handler_key;
    return this.jobs.create({
      ...request,
      ...omitUndefined({ problem, setupError: this.#settings.setupError }),
      id,
      key,
      // The keys of all submissions of a batch differ only in their number.
      group: (key ?? request.displayName).replace(/-\d+$/, ''),
      isOverLimit,
    });
  }

  /** @throws ApiError 404 */
  get(id: string): VertexJob {
    const job = this.jobs.get(id);
    if (job) return job;
    throw notFound('The BatchPredictionJob does not exist.');
  }

  /** The resource name of a job, by its id, which is the number at the end of the name. */
  nameOf(id: string): string {
    return this.#names.get(id)?.name ?? id;
  }

  async #write({ job, requests }: JobRun<VertexJob>): Promise<JobOutput> {
    const { dataDir, now, stores } = this.#settings;
    const path = join(dataDir, 'outputs', job.id);
    const processedTime = isoTime(now());
    const output = await writeOutput(path, { model: job.model, processedTime }, requests);
    if (job.outputUri.startsWith('bq://')) {
      const rows = output.succeeded + output.failed;
      stores.tables.put(tableIdOf(job.outputUri), { fields: OUTPUT_COLUMNS, rows }, path);
    } else {
      const directory = /^gs:\/\/([^/]+)\/(.*)$/.exec(outputDirectory(job));
      const [, bucket = '', name = ''] = directory ?? [];
      stores.objects.put(bucket, `${name}/predictions.jsonl`, path);
    }
    return output;
  }
}

/**
 * How jobs fail whose set-up is wrong, as they did in production:
 * https://github.com/OpenRouterTeam/docs docs/batch-research/google-vertex.md
 */
export const SETUP_ERRORS = {
  bucket_location: {
    code: 'FAILED_PRECONDITION',
    message:
      'Failed to get GCS bucket location for a-bucket. Please check that the bucket exists and permissions are set correctly.',
  },
  dataset_location: {
    code: 'INVALID_ARGUMENT',
    message: 'Not found: Dataset a-project:batch_outputs was not found in location US',
  },
  service_agent: {
    code: 'PERMISSION_DENIED',
    message:
      'Service account service-1@gcp-sa-aiplatform.iam.gserviceaccount.com doesn\'t have sufficient permission "storage.objects.create" to write gs://a-bucket/predictions.jsonl.',
  },
} as const;

function errorsOf({ problem, setupError, isOverLimit, outcome }: VertexJob) {
  if (setupError !== undefined) return [SETUP_ERRORS[setupError]];
  if (problem !== undefined) return [{ code: 'INVALID_ARGUMENT', message: problem }];
  if (isOverLimit || outcome === 'failed_quota')
    return [{ code: 'RESOURCE_EXHAUSTED', message: QUOTA }];
  const message = 'Failed to import data: refused by plan.';
  return outcome === 'failed_invalid' ? [{ code: 'INVALID_ARGUMENT', message }] : [];
}

/** The directory that the job creates within the output URI. */
function outputDirectory({ outputUri, createdAt, id }: VertexJob): string {
  const time = isoTime(createdAt).replaceAll(':', '-');
  return `${outputUri.replace(/\/$/, '')}/prediction-model-${time}-${id}`;
}

const JOB_STATES: Readonly<Record<JobStatus, string>> = {
  validating: 'JOB_STATE_PENDING',
  failed: 'JOB_STATE_FAILED',
  in_progress: 'JOB_STATE_RUNNING',
  finalizing: 'JOB_STATE_RUNNING',
  completed: 'JOB_STATE_SUCCEEDED',
  expired: 'JOB_STATE_EXPIRED',
  cancelling: 'JOB_STATE_CANCELLING',
  cancelled: 'JOB_STATE_CANCELLED',
};
/** The numbers of google.rpc.Code. */
const RPC_CODES: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 3,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
};

/**
 * A job as the API shows it. Undefined fields are not sent.
 *
 * @param name the job's resource name
 */
export function jobObject(name: string, job: VertexJob, snapshot: JobSnapshot) {
  const { displayName, model, labels, inputUri, outputUri } = job;
  const { status, result, endedAt, inProgressAt } = snapshot;
  const isTable = outputUri.startsWith('bq://');
  const error = status === 'failed' ? job.inspection?.errors[0] : undefined;
  const hasFailures = status === 'completed' && (result?.failed ?? 0) > 0;
  return {
    name,
    displayName,
    model,
    labels,
    state: hasFailures ? 'JOB_STATE_PARTIALLY_SUCCEEDED' : JOB_STATES[status],
    error: error && { code: RPC_CODES[error.code] ?? 13, message: error.message },
    createTime: isoTime(job.createdAt),
    startTime: inProgressAt === undefined ? undefined : isoTime(inProgressAt),
    endTime: endedAt === undefined ? undefined : isoTime(endedAt),
    completionStats: statsOf(job, snapshot),
    inputConfig: isTable
      ? { instancesFormat: 'bigquery', bigquerySource: { inputUri } }
      : { instancesFormat: 'jsonl', gcsSource: { uris: [inputUri] } },
    outputConfig: isTable
      ? { predictionsFormat: 'bigquery', bigqueryDestination: { outputUri } }
      : { predictionsFormat: 'jsonl', gcsDestination: { outputUriPrefix: outputUri } },
    outputInfo: result && outputInfo(job, isTable),
  };
}

function outputInfo(job: VertexJob, isTable: boolean): object {
  if (!isTable) return { gcsOutputDirectory: outputDirectory(job) };
  const bigqueryOutputTable = tableIdOf(job.outputUri).split('.')[1];
  const bigqueryOutputDataset = job.outputUri.replace(/\.[^.]*$/, '');
  return { bigqueryOutputDataset, bigqueryOutputTable };
}

/** The counts, which are int64 and so strings in JSON. */
function statsOf(job: VertexJob, snapshot: JobSnapshot): object | undefined {
  const { result, inProgressAt } = snapshot;
  if (inProgressAt === undefined) return undefined;
  const successful = result?.succeeded ?? requestsRun(job, snapshot);
  const failed = result?.failed ?? 0;
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
