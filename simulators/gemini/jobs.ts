import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { link, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type JobKind, type JobRecord, Jobs } from '../engine/jobs.ts';
import type { Journal } from '../engine/journal.ts';
import { verdictCounts } from '../engine/plan.ts';
import { lastStatuses, type Moment, ranRequests } from '../engine/timeline.ts';
import type { CreateRequest } from './api.ts';
import { ApiError, rpcStatus, type StatusName } from './errors.ts';
import type { Files } from './files.ts';
import type { GeminiOptions } from './index.ts';
import { inspectInput, writeOutput } from './replies.ts';

/** A batch, by its id without `batches/`. */
export interface BatchJob extends JobRecord {
  readonly kind: 'GenerateContent' | 'EmbedContent';
  readonly displayName: string;
  /** `models/…` */
  readonly model: string;
  /** `files/…` */
  readonly inputFile: string;
  readonly requests: number;
  readonly estimatedTokens: number;
  /** Why the input cannot be run. */
  readonly problem?: string;
  readonly isOverLimit: boolean;
}

/** The id of the file that a job writes: the same when the writing is done again after a kill. */
function responsesFileOf(id: string): string {
  return `batch-${id}`;
}

/** A submission key as this project writes it. All submissions of a batch share its first part. */
const KEY = /^(bh[a-z0-9]{16})-\d+$/;

/** What a display name tells of where the job belongs. */
function originOf(displayName: string): { group: string; key?: string } {
  const group = KEY.exec(displayName)?.[1];
  return group === undefined ? { group: displayName } : { group, key: displayName };
}

const QUOTA =
  'You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.';
const BYTES_PER_TOKEN = 4;
const NOTHING = { succeeded: 0, failed: 0, usage: { inputTokens: 0, outputTokens: 0 } };

/** The batches of the account. */
export class Batches {
  readonly jobs: Jobs<BatchJob>;
  readonly #options: GeminiOptions;
  readonly #files: Files;

  constructor(options: GeminiOptions, files: Files, journal: Journal, now: () => number) {
    const { dataDir, plan, jobSeconds } = options;
    this.#options = options;
    this.#files = files;
    mkdirSync(join(dataDir, 'outputs'), { recursive: true });
    this.jobs = new Jobs({ dataDir, plan, jobSeconds, journal, now, kind: this.#kind() });
  }

  /** @throws ApiError when there is no such file, or the account has too much enqueued */
  async create(
    kind: BatchJob['kind'],
    model: string,
    { displayName, fileId }: CreateRequest,
  ): Promise<BatchJob> {
    const { bytes } = this.#files.get(fileId);
    const estimatedTokens = Math.ceil(bytes / BYTES_PER_TOKEN);
    const isOverLimit = this.#isOverLimit(model, estimatedTokens);
    if (isOverLimit && this.#options.enqueuedTokenRefusal === 'create')
      throw new ApiError('RESOURCE_EXHAUSTED', QUOTA);

    const id = randomBytes(16).toString('hex');
    const contentPath = this.#files.contentPath(fileId);
    const input = await inspectInput(contentPath);
    const inputPath = this.jobs.inputPath(id);
    // The job keeps its input, even if the file is deleted before it has run.
    if (input.problem === undefined) await link(contentPath, inputPath);
    else await writeFile(inputPath, '');
    return this.jobs.create({
      ...originOf(displayName),
      ...input,
      id,
      kind,
      displayName,
      model,
      inputFile: `files/${fileId}`,
      estimatedTokens,
      isOverLimit,
    });
  }

  /** @throws ApiError NOT_FOUND */
  get(id: string): BatchJob {
    const job = this.jobs.get(id);
    if (!job) throw new ApiError('NOT_FOUND', 'Requested entity was not found.');
    return job;
  }

  /** @throws ApiError for one that is not there, or has ended */
  cancel(id: string): void {
    if (this.jobs.momentOf(this.get(id)).reachedAt !== undefined)
      throw new ApiError('FAILED_PRECONDITION', 'The batch has ended and cannot be cancelled.');
    this.jobs.cancel(id);
  }

  /** Its files stay. */
  delete(id: string): void {
    this.jobs.delete(this.get(id).id);
  }

  #isOverLimit(model: string, tokens: number): boolean {
    const { enqueuedTokenLimit: limit } = this.#options;
    if (limit === undefined) return false;
    const enqueued = this.jobs
      .all()
      .filter((job) => job.model === model && this.jobs.momentOf(job).reachedAt === undefined)
      .reduce((sum, { estimatedTokens }) => sum + estimatedTokens, 0);
    return enqueued + tokens > limit;
  }

  #kind(): JobKind<BatchJob> {
    return {
      idOf: ({ key }) => String(key),
      errorsOf: ({ problem, isOverLimit, word }) => {
        if (problem !== undefined) return [{ code: 'INVALID_ARGUMENT', message: problem }];
        if (isOverLimit || word === 'failed_quota')
          return [{ code: 'RESOURCE_EXHAUSTED', message: QUOTA }];
        const message = 'The input file is malformed: refused by plan.';
        return word === 'failed_invalid' ? [{ code: 'INVALID_ARGUMENT', message }] : [];
      },
      write: async (job, requests) => {
        // What a job had finished when it expired or was cancelled is lost.
        if (lastStatuses(job).end !== 'completed') return NOTHING;
        const path = join(this.#options.dataDir, 'outputs', job.id);
        const { bytes, ...written } = await writeOutput(path, job, requests);
        const id = responsesFileOf(job.id);
        const mimeType = 'application/jsonl';
        this.#files.add({ id, bytes, mimeType, source: 'GENERATED' }, path);
        return written;
      },
    };
  }
}

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
