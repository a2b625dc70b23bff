import { randomUUID } from 'node:crypto';
import { link } from 'node:fs/promises';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { estimateTokens } from '../engine/content.ts';
import { type JobKind, type JobRun, type JobSettings, Jobs } from '../engine/jobs.ts';
import { LineWriter, readLines } from '../engine/lines.ts';
import { isObject, parseJson } from '../engine/router.ts';
import { type JobOutput, NO_OUTPUT } from '../engine/run.ts';
import type { JobError, JobRecord, JobResult, JobStatus } from '../engine/timeline.ts';
import type { Files } from '../openai/files.ts';
import { firstRequest } from '../openai/input.ts';
import { writeOutputFiles } from '../openai/outputFiles.ts';
import { ApiError } from './errors.ts';
import { rowOf } from './replies.ts';

interface TogetherResult extends JobResult {
  readonly outputFileId?: string;
  readonly errorFileId?: string;
}

/** A job as it is stored. */
interface TogetherJob extends JobRecord {
  readonly inputFileId: string;
  readonly bytes: number;
  readonly model?: string;
  readonly result?: TogetherResult;
}

interface TogetherSettings extends JobSettings {
  readonly files: Files;
  readonly enqueuedTokenLimit: number;
  readonly enqueuedTokenRefusal: 'create' | 'job';
}

/** https://docs.together.ai/docs/inference/batch/manage */
const STATUSES: Readonly<Record<JobStatus, string>> = {
  validating: 'VALIDATING',
  in_progress: 'IN_PROGRESS',
  finalizing: 'IN_PROGRESS',
  cancelling: 'IN_PROGRESS',
  completed: 'COMPLETED',
  failed: 'FAILED',
  expired: 'EXPIRED',
  cancelled: 'CANCELLED',
};

const WINDOW_MS = 24 * 60 * 60 * 1000;

/** The jobs of the account. */
export class TogetherJobs {
  readonly jobs: Jobs<TogetherJob>;
  readonly #settings: TogetherSettings;

  constructor(settings: TogetherSettings) {
    this.#settings = settings;
    this.jobs = new Jobs(settings, this.#kind());
  }

  /** @throws ApiError if there is no such input file, or too much is enqueued */
  async create(fileId: string): Promise<TogetherJob> {
    const { files, enqueuedTokenRefusal: refusal } = this.#settings;
    const file = files.find(fileId);
    if (file?.purpose !== 'batch') throw new ApiError(404, `File ${fileId} not found`);
    const { model } = await firstRequest(files.contentPath(file.id));
    const { bytes, filename } = file;
    if (refusal === 'create' && this.#isOverLimit({ bytes, model }, this.jobs.unfinished()))
      throw new ApiError(400, this.#limitMessage());
    const id = randomUUID();
    // The job keeps its input even if the file is deleted before it has run.
    await link(files.contentPath(file.id), this.jobs.inputPath(id));
    const key = filename.replace(/\.jsonl$/, '');
    const group = key.replace(/-\d+$/, '');
    const job = { id, inputFileId: file.id, bytes, group, key, fileId };
    return this.jobs.create({ ...job, ...omitUndefined({ model }) });
  }

  /** @throws ApiError 404 */
  get(id: string): TogetherJob {
    const job = this.jobs.get(id);
    if (!job) throw new ApiError(404, `Batch ${id} not found`);
    return job;
  }

  /** "You can cancel a batch while it is VALIDATING or IN_PROGRESS." @throws ApiError 400 */
  cancel(id: string): TogetherJob {
    const { status, endedAt } = this.jobs.snapshotOf(this.get(id));
    if (endedAt !== undefined)
      throw new ApiError(400, `Batch ${id} is ${STATUSES[status]} and cannot be cancelled`);
    this.jobs.cancel(id);
    return this.get(id);
  }

  /** The job as the API shows it now: `BatchJob` in `resources/batches.ts` of together-ai. */
  view({ id }: TogetherJob): object {
    const snapshot = this.jobs.snapshotOf(this.get(id));
    // Read again: the snapshot may be newer than the record in hand.
    const job = this.get(id);
    const { status, result, endedAt, progress } = snapshot;
    return omitUndefined({
      id,
      user_id: 'simulator',
      input_file_id: job.inputFileId,
      file_size_bytes: job.bytes,
      status: STATUSES[status],
      job_deadline: timeOf(job.createdAt + WINDOW_MS),
      created_at: timeOf(job.createdAt),
      endpoint: '/v1/chat/completions',
      progress: Math.round(progress * 100),
      model_id: job.model ?? '',
      output_file_id: result?.outputFileId ?? '',
      error_file_id: result?.errorFileId ?? '',
      error: status === 'failed' ? (job.inspection?.errors[0]?.message ?? '') : '',
      completed_at: endedAt === undefined ? undefined : timeOf(endedAt),
    });
  }

  #kind(): JobKind<TogetherJob> {
    return {
      idOf: ({ custom_id: customId }) => String(customId),
      inspect: (_job, files, signal) => inspectInput(files, signal),
      errorsOf: (job) => this.#errorsOf(job),
      write: (run) => this.#write(run),
    };
  }

  #errorsOf(job: TogetherJob): JobError[] {
    const earlier = this.jobs.unfinished().filter(({ sequence }) => sequence < job.sequence);
    if (job.outcome === 'failed_quota' || this.#isOverLimit(job, earlier))
      return [{ code: '', message: this.#limitMessage() }];
    if (job.outcome !== 'failed_invalid') return [];
    return [{ code: '', message: 'Validation failed: line 1 is malformed' }];
  }

  #isOverLimit(
    job: { readonly bytes: number; readonly model?: string | undefined },
    unfinished: readonly TogetherJob[],
  ): boolean {
    const bytes = unfinished
      .filter(({ model }) => model === job.model)
      .reduce((sum, each) => sum + each.bytes, job.bytes);
    return estimateTokens(bytes) > this.#settings.enqueuedTokenLimit;
  }

  #limitMessage(): string {
    return `More than ${this.#settings.enqueuedTokenLimit} tokens are enqueued for the model.`;
  }

  async #write({ job, snapshot, requests }: JobRun<TogetherJob>): Promise<JobOutput> {
    // Cancelled before it ran: its input may not even be JSON.
    if (snapshot.inProgressAt === undefined) return NO_OUTPUT;
    const { files } = this.#settings;
    const created = Math.floor(job.createdAt / 1000);
    const { written, outputId, errorId } = await writeOutputFiles(files, {
      jobId: job.id,
      requests,
      rowOf: (request) => rowOf(request, created),
    });
    return { ...written, ...omitUndefined({ outputFileId: outputId, errorFileId: errorId }) };
  }
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** https://docs.together.ai/docs/inference/batch/overview and …/tutorial */
const MAX_REQUESTS = 50_000;
const MAX_ID_LENGTH = 64;

/** Each line has a unique id and a body: https://docs.together.ai/docs/inference/batch/tutorial */
async function inspectInput(
  { inputPath, sentPath }: { readonly inputPath: string; readonly sentPath: string },
  signal: AbortSignal,
): Promise<{ requests: number; errors: JobError[] }> {
  const errors: JobError[] = [];
  const refuse = (problem: string) =>
    errors.push({ code: '', message: `Validation failed: ${problem}` });
  const sent = await LineWriter.create(sentPath);
  const ids = new Set<unknown>();
  let requests = 0;
  try {
    for await (const { bytes, number } of readLines(inputPath, signal)) {
      requests += 1;
      const line = parseJson(bytes.toString());
      const { custom_id: id, body } = isObject(line) ? line : {};
      const isNamed = typeof id === 'string' && id !== '' && id.length <= MAX_ID_LENGTH;
      if (!isNamed || ids.has(id)) refuse(`the custom_id of line ${number} is invalid`);
      if (!isObject(body) || typeof body.model !== 'string')
        refuse(`the body of line ${number} is invalid`);
      ids.add(id);
      if (isNamed) await sent.write(JSON.stringify(id));
    }
  } finally {
    await sent.close();
  }
  if (requests === 0) refuse('the file is empty');
  if (requests > MAX_REQUESTS) refuse(`there are over ${MAX_REQUESTS} requests`);
  return { requests, errors };
}
