import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DocumentStore } from '../engine/documents.ts';
import { type JobKind, type JobRecord, Jobs } from '../engine/jobs.ts';
import type { Journal } from '../engine/journal.ts';
import { type Moment, ranRequests } from '../engine/timeline.ts';
import type { CreateRequest } from './api.ts';
import { tableIdOf } from './bigquery.ts';
import { ApiError, invalid, notFound } from './errors.ts';
import type { VertexOptions } from './index.ts';
import { fetchInput, idOfLine, type Stores, writeOutput } from './rows.ts';

/** A batch prediction job, with what the create call said of it. */
export interface VertexJob extends JobRecord {
  readonly displayName: string;
  readonly model: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `gs://…` or `bq://…` */
  readonly inputUri: string;
  readonly outputUri: string;
  /** Why the input cannot be run, if it cannot. */
  readonly problem?: string;
  /** The project had as many jobs as it may have. */
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

interface Place {
  readonly project: string;
  readonly location: string;
}

/** A job's resource name by its number; kept when the job is deleted. */
interface NameRecord {
  readonly id: string;
  readonly sequence: number;
  readonly name: string;
}

/** The batch prediction jobs of the project. */
export class VertexJobs {
  readonly jobs: Jobs<VertexJob>;
  readonly #options: VertexOptions;
  readonly #stores: Stores;
  readonly #names: DocumentStore<NameRecord>;
  readonly #now: () => number;

  constructor(options: VertexOptions, stores: Stores, journal: Journal, now: () => number) {
    this.#options = options;
    this.#stores = stores;
    this.#now = now;
    const { dataDir, plan, jobSeconds } = options;
    mkdirSync(join(dataDir, 'outputs'), { recursive: true });
    this.#names = new DocumentStore(join(dataDir, 'names'));
    this.jobs = new Jobs({ dataDir, plan, jobSeconds, journal, now, kind: this.#kind() });
  }

  /** @throws ApiError when the output is there already or the project has too many jobs */
  async create(place: Place, request: CreateRequest): Promise<VertexJob> {
    const { jobLimit = Number.POSITIVE_INFINITY, jobLimitRefusal } = this.#options;
    const { inputUri, outputUri, labels } = request;
    const isTable = outputUri.startsWith('bq://');
    if (isTable && this.#stores.tables.find(tableIdOf(outputUri)) !== undefined)
      throw invalid(`The BigQuery table ${outputUri} already exists.`);
    const isOverLimit = this.#unfinished() >= jobLimit;
    if (isOverLimit && jobLimitRefusal === 'create') throw new ApiError(429, QUOTA);

    const id = String(randomInt(LARGEST_ID));
    const { project, location } = place;
    const name = `projects/${project}/locations/${location}/batchPredictionJobs/${id}`;
    this.#names.save({ id, sequence: this.#names.nextSequence(), name });
    const problem = await fetchInput(this.#stores, inputUri, this.jobs.inputPath(id));
    const key = labels.batch_handler_key;
    return this.jobs.create({
      ...request,
      ...(problem === undefined ? {} : { problem }),
      id,
      key,
      // All submissions of a batch share a key but for its number.
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

  /** A job's resource name, by the number at its end. */
  nameOf(id: string): string {
    return this.#names.get(id)?.name ?? id;
  }

  #unfinished(): number {
    return this.jobs.all().filter((job) => this.jobs.momentOf(job).reachedAt === undefined).length;
  }

  #kind(): JobKind<VertexJob> {
    return {
      idOf: idOfLine,
      errorsOf: ({ problem, isOverLimit, word }) => {
        if (problem !== undefined) return [{ code: 'INVALID_ARGUMENT', message: problem }];
        if (isOverLimit || word === 'failed_quota')
          return [{ code: 'RESOURCE_EXHAUSTED', message: QUOTA }];
        const message = 'Failed to import data: refused by plan.';
        return word === 'failed_invalid' ? [{ code: 'INVALID_ARGUMENT', message }] : [];
      },
      write: async (job, requests) => {
        const path = join(this.#options.dataDir, 'outputs', job.id);
        const processedTime = new Date(this.#now()).toISOString();
        const { model } = job;
        const written = await writeOutput(path, { model, processedTime }, requests);
        this.#keep(job, path, written.succeeded + written.failed);
        return written;
      },
    };
  }

  #keep(job: VertexJob, path: string, rows: number): void {
    const { objects, tables } = this.#stores;
    if (job.outputUri.startsWith('bq://')) {
      tables.put(tableIdOf(job.outputUri), { fields: OUTPUT_COLUMNS, rows }, path);
      return;
    }
    const [, bucket = '', name = ''] = /^gs:\/\/([^/]+)\/(.*)$/.exec(outputDirectory(job)) ?? [];
    objects.put(bucket, `${name}/predictions.jsonl`, path);
  }
}

/** Made by the job, in what it was given. */
function outputDirectory({ outputUri, createdAt, id }: VertexJob): string {
  const time = new Date(createdAt).toISOString().replaceAll(':', '-');
  return `${outputUri.replace(/\/$/, '')}/prediction-model-${time}-${id}`;
}

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
