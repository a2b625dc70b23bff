import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DocumentStore } from '../documents.ts';
import type { JobKind } from '../jobs/jobKind.ts';
import { Jobs } from '../jobs/jobs.ts';
import type { Journal } from '../journal.ts';
import type { CreateRequest } from './createRequest.ts';
import { ApiError, invalid, notFound } from './errors.ts';
import { fetchInput, idOfLine, type Stores } from './input.ts';
import type { VertexOptions } from './options.ts';
import { writeOutput } from './output.ts';
import { tableIdOf } from './tables.ts';
import type { VertexJob } from './vertexJob.ts';

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
export function outputDirectory({ outputUri, createdAt, id }: VertexJob): string {
  const time = new Date(createdAt).toISOString().replaceAll(':', '-');
  return `${outputUri.replace(/\/$/, '')}/prediction-model-${time}-${id}`;
}
