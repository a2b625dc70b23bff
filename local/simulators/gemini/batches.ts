import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { link, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobKind } from '../jobs/jobKind.ts';
import { Jobs } from '../jobs/jobs.ts';
import { lastStatuses } from '../jobs/timeline.ts';
import type { Journal } from '../journal.ts';
import { type BatchJob, originOf, responsesFileOf } from './batchJob.ts';
import type { CreateRequest } from './createRequest.ts';
import { ApiError } from './errors.ts';
import type { Files } from './files.ts';
import { inspectInput } from './input.ts';
import type { GeminiOptions } from './options.ts';
import { writeOutput } from './output.ts';

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
