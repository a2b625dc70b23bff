import { createHash, randomUUID } from 'node:crypto';
import { appendFile, copyFile, readFile, rm } from 'node:fs/promises';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { type JobKind, type JobRun, type JobSettings, Jobs } from '../engine/jobs.ts';
import { LineWriter, readLines } from '../engine/lines.ts';
import { verdictCounts } from '../engine/plan.ts';
import { isObject, parseJson } from '../engine/router.ts';
import { type JobOutput, NO_OUTPUT } from '../engine/run.ts';
import {
  type JobError,
  type JobRecord,
  type JobResult,
  type JobStatus,
  requestsRun,
} from '../engine/timeline.ts';
import type { Files } from '../openai/files.ts';
import { unixSeconds } from '../openai/jobs.ts';
import { writeOutputFiles } from '../openai/outputFiles.ts';
import { refused } from './errors.ts';
import { rowOf } from './replies.ts';

/** The simulated ones of `ApiEndpoint` in @mistralai/mistralai. */
export const ENDPOINTS: readonly string[] = ['/v1/chat/completions', '/v1/embeddings'];

interface MistralResult extends JobResult {
  readonly outputFile?: string;
  readonly errorFile?: string;
}

/** A create call whose values are allowed. */
export interface CreateRequest {
  readonly inputFiles: readonly string[];
  readonly endpoint: string;
  readonly model: string;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly timeoutHours: number;
}

/** A job as it is stored. */
export interface MistralJob extends JobRecord, CreateRequest {
  readonly requests: number;
  readonly result?: MistralResult;
}

interface MistralSettings extends JobSettings {
  readonly files: Files;
  readonly pendingRequestLimit: number;
  readonly pendingRequestRefusal: 'create' | 'job';
}

/** `BatchJobStatus` in @mistralai/mistralai. */
const STATUSES: Readonly<Record<JobStatus, string>> = {
  validating: 'QUEUED',
  in_progress: 'RUNNING',
  finalizing: 'RUNNING',
  cancelling: 'CANCELLATION_REQUESTED',
  completed: 'SUCCESS',
  failed: 'FAILED',
  expired: 'TIMEOUT_EXCEEDED',
  cancelled: 'CANCELLED',
};

/** The jobs of the workspace. */
export class MistralJobs {
  readonly jobs: Jobs<MistralJob>;
  readonly #settings: MistralSettings;

  constructor(settings: MistralSettings) {
    this.#settings = settings;
    this.jobs = new Jobs(settings, this.#kind());
  }

  /** @throws ApiError if there is no such input file, or too many requests are pending */
  async create(request: CreateRequest): Promise<MistralJob> {
    const { files, pendingRequestRefusal: refusal } = this.#settings;
    const [first, ...others] = request.inputFiles.map((id) => {
      const file = files.find(id);
      if (file?.purpose !== 'batch') throw refused(404, `Input file ${id} not found`, 'not_found');
      return file;
    });
    if (first === undefined) throw refused(400, 'There is no input file');
    const id = randomUUID();
    const path = this.jobs.inputPath(id);
    await copyFile(files.contentPath(first.id), path);
    for (const other of others) await appendFile(path, await readFile(files.contentPath(other.id)));
    let requests = 0;
    for await (const _ of readLines(path)) requests += 1;
    if (refusal === 'create' && this.#isOverLimit({ requests }, this.jobs.unfinished())) {
      await rm(path);
      throw refused(400, this.#limitMessage());
    }
    return this.jobs.create({
      ...request,
      id,
      requests,
      group: request.metadata?.batch_id ?? first.filename,
      key: request.metadata?.batch_handler_key,
      fileId: first.id,
    });
  }

  /** @throws ApiError 404 */
  get(id: string): MistralJob {
    const job = this.jobs.get(id);
    if (!job) throw refused(404, `Batch job ${id} not found`, 'not_found');
    return job;
  }

  /** @throws ApiError for a job that has ended. What Mistral answers then is not documented. */
  cancel(id: string): MistralJob {
    if (this.jobs.snapshotOf(this.get(id)).endedAt !== undefined)
      throw refused(400, `Batch job ${id} has ended already`);
    this.jobs.cancel(id);
    return this.get(id);
  }

  /** The job as the API shows it now: `BatchJob` in @mistralai/mistralai. */
  view({ id }: MistralJob): object {
    const snapshot = this.jobs.snapshotOf(this.get(id));
    // Read again: the snapshot may be newer than the record in hand.
    const job = this.get(id);
    const { status, result, endedAt, inProgressAt } = snapshot;
    const total = job.inspection?.requests ?? 0;
    const counts = result ?? verdictCounts(job.outcome, requestsRun(job, snapshot), total);
    const errors = status === 'failed' ? (job.inspection?.errors ?? []) : [];
    return {
      id,
      object: 'batch',
      input_files: job.inputFiles,
      metadata: job.metadata,
      endpoint: job.endpoint,
      model: job.model,
      agent_id: null,
      output_file: result?.outputFile ?? null,
      error_file: result?.errorFile ?? null,
      errors: errors.map(({ message }) => ({ message, count: 1 })),
      outputs: null,
      status: STATUSES[status],
      created_at: unixSeconds(job.createdAt),
      total_requests: job.requests,
      completed_requests: counts.succeeded + counts.failed,
      succeeded_requests: counts.succeeded,
      failed_requests: counts.failed,
      started_at: unixSeconds(inProgressAt) ?? null,
      completed_at: unixSeconds(endedAt) ?? null,
    };
  }

  #kind(): JobKind<MistralJob> {
    return {
      idOf: ({ custom_id: customId }) => String(customId),
      inspect: (_job, files, signal) => inspectInput(files, signal),
      errorsOf: (job) => this.#errorsOf(job),
      write: (run) => this.#write(run),
    };
  }

  #errorsOf(job: MistralJob): JobError[] {
    const earlier = this.jobs.unfinished().filter(({ sequence }) => sequence < job.sequence);
    if (job.outcome === 'failed_quota' || this.#isOverLimit(job, earlier))
      return [{ code: '', message: this.#limitMessage() }];
    if (job.outcome !== 'failed_invalid') return [];
    return [{ code: '', message: 'Invalid input file: line 1 is malformed' }];
  }

  #isOverLimit({ requests }: Pick<MistralJob, 'requests'>, unfinished: readonly MistralJob[]) {
    const pending = unfinished.reduce((sum, job) => sum + job.requests, 0);
    return pending + requests > this.#settings.pendingRequestLimit;
  }

  #limitMessage(): string {
    const { pendingRequestLimit: limit } = this.#settings;
    return `Maximum number of pending requests (${limit}) of the workspace exceeded.`;
  }

  async #write({ job, snapshot, requests }: JobRun<MistralJob>): Promise<JobOutput> {
    if (snapshot.inProgressAt === undefined) return NO_OUTPUT;
    const { files } = this.#settings;
    const { written, outputId, errorId } = await writeOutputFiles(files, {
      jobId: job.id,
      requests,
      rowOf: (request) => rowOf(request, job),
      idOf: resultFileId,
      // "the results do not expire at this time": docs.mistral.ai/capabilities/batch
      lifeSeconds: undefined,
    });
    return { ...written, ...omitUndefined({ outputFile: outputId, errorFile: errorId }) };
  }
}

/** A UUID that is the same if the writing is repeated after a kill. */
function resultFileId(jobId: string, name: string): string {
  const hash = createHash('sha256').update(`${jobId} ${name}`).digest('hex');
  return hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

/** Each line has a body, and may have an id: `CreateBatchJobRequest` in @mistralai/mistralai. */
async function inspectInput(
  { inputPath, sentPath }: { readonly inputPath: string; readonly sentPath: string },
  signal: AbortSignal,
): Promise<{ requests: number; errors: JobError[] }> {
  const errors: JobError[] = [];
  const sent = await LineWriter.create(sentPath);
  let requests = 0;
  try {
    for await (const { bytes, number } of readLines(inputPath, signal)) {
      requests += 1;
      const line = parseJson(bytes.toString());
      const isRequest = isObject(line) && isObject(line.body);
      if (isRequest) await sent.write(JSON.stringify(String(line.custom_id)));
      else errors.push({ code: '', message: `Invalid input file: line ${number} has no body` });
    }
  } finally {
    await sent.close();
  }
  if (requests === 0) errors.push({ code: '', message: 'Invalid input file: it is empty' });
  return { requests, errors };
}
