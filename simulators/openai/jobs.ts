import { randomBytes } from 'node:crypto';
import { link } from 'node:fs/promises';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { estimateTokens } from '../engine/content.ts';
import { type JobKind, type JobRun, type JobSettings, Jobs } from '../engine/jobs.ts';
import { verdictCounts } from '../engine/plan.ts';
import { type JobOutput, NO_OUTPUT } from '../engine/run.ts';
import {
  type JobRecord,
  type JobResult,
  type JobSnapshot,
  type JobStatus,
  requestsRun,
} from '../engine/timeline.ts';
import type { Dialect } from './dialect.ts';
import { ApiError } from './errors.ts';
import { windowMs } from './fields.ts';
import type { Files } from './files.ts';
import { type BatchError, firstRequest, inspectInput } from './input.ts';
import { writeOutputFiles } from './outputFiles.ts';
import { rowOf } from './replies.ts';

/** What a batch has written. */
interface OpenAiResult extends JobResult {
  readonly outputFileId?: string;
  readonly errorFileId?: string;
}

/** A create call whose values are allowed. */
export interface CreateRequest {
  readonly inputFileId: string;
  readonly endpoint: string;
  readonly completionWindow: string;
  readonly metadata: Readonly<Record<string, string>> | null;
  /** The life of the output files. */
  readonly outputSeconds: number;
}

/** A batch as it is stored. */
export interface OpenAiBatch extends JobRecord, CreateRequest {
  /** The model of the first line. Absent if that names none. */
  readonly model?: string;
  readonly estimatedTokens: number;
  readonly inspection?: {
    readonly at: number;
    readonly requests: number;
    readonly errors: readonly BatchError[];
  };
  readonly result?: OpenAiResult;
}

interface OpenAiSettings extends JobSettings {
  readonly dialect: Dialect;
  readonly files: Files;
  readonly enqueuedTokenLimit?: number | undefined;
  readonly enqueuedTokenRefusal: 'job' | 400 | 429;
}

const QUOTA_CODE = 'token_limit_exceeded';
/** The limit that a planned refusal names if none is set. */
const DEFAULT_TOKEN_LIMIT = 2_000_000;

/** The statuses in which a cancel call succeeds. A batch that is being cancelled stays as it is. */
const CANCELLABLE: ReadonlySet<JobStatus> = new Set([
  'validating',
  'in_progress',
  'cancelling',
  'cancelled',
]);

/** The batches of the account. */
export class OpenAiBatches {
  readonly jobs: Jobs<OpenAiBatch>;
  readonly #settings: OpenAiSettings;

  constructor(settings: OpenAiSettings) {
    this.#settings = settings;
    this.jobs = new Jobs(settings, this.#kind());
  }

  /** @throws ApiError if there is no such input file or the limit refuses the call */
  async create(request: CreateRequest): Promise<OpenAiBatch> {
    const { dialect, files, enqueuedTokenRefusal: refusal } = this.#settings;
    const file = files.find(request.inputFileId);
    if (file?.purpose !== 'batch')
      throw new ApiError(400, `No batch input file with the id '${request.inputFileId}'.`, {
        code: 'invalid_request',
        param: 'input_file_id',
      });
    if (!files.isProcessed(file))
      throw new ApiError(
        400,
        `The input file '${file.id}' is in 'pending' state. Only files with status 'Processed' are accepted.`,
        { code: 'unexpectedEntityState' },
      );
    const { model, url = request.endpoint } = await firstRequest(files.contentPath(file.id));
    const estimatedTokens = estimateTokens(file.bytes);
    if (refusal !== 'job' && this.#isOverLimit({ model, estimatedTokens }, this.jobs.unfinished()))
      throw new ApiError(refusal, this.#quotaMessage(model), { code: QUOTA_CODE });
    const id = `batch_${randomBytes(16).toString('hex')}`;
    // The job keeps its input even if the file is deleted before it has run.
    await link(files.contentPath(file.id), this.jobs.inputPath(id));
    return this.jobs.create({
      ...request,
      endpoint: dialect.endpointOf(dialect.endpointFromLines ? url : request.endpoint),
      ...omitUndefined({ model }),
      estimatedTokens,
      id,
      group: request.metadata?.batch_id ?? file.filename,
      key: request.metadata?.batch_handler_key,
      fileId: file.id,
    });
  }

  /** @throws ApiError 404 */
  get(id: string): OpenAiBatch {
    const job = this.jobs.get(id);
    if (!job) throw new ApiError(404, `No batch found with id '${id}'.`, { param: 'batch_id' });
    return job;
  }

  /** @throws ApiError 409 for a batch that is writing its output or has ended */
  cancel(id: string): OpenAiBatch {
    const { status } = this.jobs.snapshotOf(this.get(id));
    if (!CANCELLABLE.has(status))
      throw new ApiError(409, `Cannot cancel a batch with status '${status}'.`);
    this.jobs.cancel(id);
    return this.get(id);
  }

  /** The batch as the API shows it now. */
  view(job: OpenAiBatch, query: URLSearchParams): object {
    const snapshot = this.jobs.snapshotOf(job);
    // Read again: the snapshot may be newer than the record in hand.
    return this.#settings.dialect.showBatch(batchObject(this.get(job.id), snapshot), query);
  }

  #kind(): JobKind<OpenAiBatch> {
    const { dialect } = this.#settings;
    return {
      idOf: ({ custom_id: customId }) => String(customId),
      inspect: (job, files, signal) => inspectInput(files, job, dialect, signal),
      errorsOf: (job) => this.#errorsOf(job),
      write: (run) => this.#write(run),
    };
  }

  #errorsOf(job: OpenAiBatch): BatchError[] {
    // Of two batches that are enqueued together, the later one exceeds the limit.
    const earlier = this.jobs.unfinished().filter(({ sequence }) => sequence < job.sequence);
    if (job.outcome === 'failed_quota' || this.#isOverLimit(job, earlier))
      return [
        { code: QUOTA_CODE, message: this.#quotaMessage(job.model), param: null, line: null },
      ];
    if (job.outcome !== 'failed_invalid') return [];
    const message = 'This line is not parseable as valid JSON.';
    return [{ code: 'invalid_json_line', message, param: null, line: 1 }];
  }

  #isOverLimit(
    job: { readonly model?: string | undefined; readonly estimatedTokens: number },
    enqueued: readonly OpenAiBatch[],
  ): boolean {
    const { enqueuedTokenLimit: limit = Number.POSITIVE_INFINITY } = this.#settings;
    const tokens = enqueued
      .filter(({ model }) => model === job.model)
      .reduce((sum, { estimatedTokens }) => sum + estimatedTokens, 0);
    return tokens + job.estimatedTokens > limit;
  }

  #quotaMessage(model: string | undefined): string {
    const { enqueuedTokenLimit: limit = DEFAULT_TOKEN_LIMIT } = this.#settings;
    return `Enqueued token limit reached for ${model} in organization org-simulator. Limit: ${limit.toLocaleString('en-US')} enqueued tokens. Please try again once some in_progress batches have been completed.`;
  }

  async #write({ job, snapshot, requests }: JobRun<OpenAiBatch>): Promise<JobOutput> {
    // Cancelled before it ran: its input may not even be JSON.
    if (snapshot.inProgressAt === undefined) return NO_OUTPUT;
    const { files, dialect } = this.#settings;
    const { written, outputId, errorId } = await writeOutputFiles(files, {
      jobId: job.id,
      requests,
      rowOf: (request) => rowOf(request, job),
      keepsEmptyErrors: dialect.keepsEmptyErrors,
      lifeSeconds: job.outputSeconds,
    });
    return { ...written, ...omitUndefined({ outputFileId: outputId, errorFileId: errorId }) };
  }
}

/** A batch as OpenAI's API shows it. */
function batchObject(job: OpenAiBatch, snapshot: JobSnapshot<OpenAiResult>) {
  const { status, result, endedAt } = snapshot;
  const failed = status === 'failed';
  const total = job.inspection?.requests ?? 0;
  const counts = result ?? verdictCounts(job.outcome, requestsRun(job, snapshot), total);
  return {
    id: job.id,
    object: 'batch',
    endpoint: job.endpoint,
    model: job.inspection ? job.model : undefined,
    errors: failed ? { object: 'list', data: job.inspection?.errors } : undefined,
    input_file_id: job.inputFileId,
    completion_window: job.completionWindow,
    status,
    output_file_id: result?.outputFileId,
    error_file_id: result?.errorFileId,
    created_at: unixSeconds(job.createdAt),
    in_progress_at: unixSeconds(snapshot.inProgressAt),
    expires_at: unixSeconds(job.createdAt + windowMs(job.completionWindow)),
    finalizing_at: unixSeconds(snapshot.finalizingAt),
    cancelling_at: unixSeconds(snapshot.cancellingAt),
    ...omitUndefined({ [`${status}_at`]: unixSeconds(endedAt) }),
    request_counts: {
      total: status === 'validating' || failed ? 0 : total,
      completed: counts.succeeded,
      failed: counts.failed,
    },
    usage: result && usageObject(result.usage),
    metadata: job.metadata,
  };
}

function usageObject(usage: JobResult['usage']) {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}

export function unixSeconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.floor(milliseconds / 1000);
}
