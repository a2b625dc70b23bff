import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { link } from 'node:fs/promises';
import { join } from 'node:path';
import { estimateTokens } from '../engine/content.ts';
import { type JobRun, type JobSettings, Jobs } from '../engine/jobs.ts';
import { verdictCounts } from '../engine/plan.ts';
import { type JobOutput, NO_OUTPUT } from '../engine/run.ts';
import {
  finalStatuses,
  type JobRecord,
  type JobSnapshot,
  type JobStatus,
  requestsRun,
} from '../engine/timeline.ts';
import { ApiError, rpcStatus, type StatusName } from './errors.ts';
import type { Files } from './files.ts';
import { type BatchKind, inspectInput } from './input.ts';
import { writeOutput } from './replies.ts';

/** A create call whose values are allowed. */
export interface CreateRequest {
  readonly displayName: string;
  /** Without `files/`. */
  readonly fileId: string;
  /** The URIs that are told when the batch has ended. */
  readonly webhookUris: readonly string[];
}

/** A batch as it is stored. Its id is without `batches/`. */
export interface GeminiBatch extends JobRecord {
  readonly kind: BatchKind;
  readonly displayName: string;
  /** `models/…` */
  readonly model: string;
  /** `files/…` */
  readonly inputFile: string;
  readonly requests: number;
  readonly estimatedTokens: number;
  /** Whether the model had too many tokens enqueued when this batch was created. */
  readonly isOverLimit: boolean;
  /** Absent in a batch of before there were webhooks. */
  readonly webhookUris?: readonly string[];
}

/** The id of the file that a job writes. It is the same if the writing is repeated after a kill. */
export function responsesFileOf(id: string): string {
  return `batch-${id}`;
}

/** A submission key of this project. The keys of all submissions of a batch differ in the number. */
const KEY = /^(bh[a-z0-9]{16})-\d+$/;

/** The group and the submission key of a job, from its display name. */
function originOf(displayName: string): { group: string; key?: string } {
  const group = KEY.exec(displayName)?.[1];
  return group === undefined ? { group: displayName } : { group, key: displayName };
}

const QUOTA =
  'You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.';

interface GeminiSettings extends JobSettings {
  readonly files: Files;
  readonly enqueuedTokenLimit?: number | undefined;
  readonly enqueuedTokenRefusal: 'create' | 'job';
}

/** The batches of the account. */
export class GeminiBatches {
  readonly jobs: Jobs<GeminiBatch>;
  readonly #settings: GeminiSettings;

  constructor(settings: GeminiSettings) {
    this.#settings = settings;
    mkdirSync(join(settings.dataDir, 'outputs'), { recursive: true });
    this.jobs = new Jobs(settings, {
      idOf: ({ key }) => String(key),
      errorsOf,
      write: (run) => this.#write(run),
    });
  }

  /** @throws ApiError if there is no such file, a request is malformed or too many tokens are enqueued */
  async create(
    kind: BatchKind,
    model: string,
    { displayName, fileId, webhookUris }: CreateRequest,
  ): Promise<GeminiBatch> {
    const { files, enqueuedTokenRefusal } = this.#settings;
    const { bytes } = files.get(fileId);
    const estimatedTokens = estimateTokens(bytes);
    const isOverLimit = this.#isOverLimit(model, estimatedTokens);
    if (isOverLimit && enqueuedTokenRefusal === 'create')
      throw new ApiError('RESOURCE_EXHAUSTED', QUOTA);

    const id = randomBytes(16).toString('hex');
    const contentPath = files.contentPath(fileId);
    const requests = await inspectInput(kind, contentPath);
    // The job keeps its input even if the file is deleted before it has run.
    await link(contentPath, this.jobs.inputPath(id));
    return this.jobs.create({
      ...originOf(displayName),
      id,
      kind,
      displayName,
      model,
      requests,
      inputFile: `files/${fileId}`,
      estimatedTokens,
      isOverLimit,
      webhookUris,
    });
  }

  /** @throws ApiError NOT_FOUND */
  get(id: string): GeminiBatch {
    const job = this.jobs.get(id);
    if (!job) throw new ApiError('NOT_FOUND', 'Requested entity was not found.');
    return job;
  }

  /** @throws ApiError if there is no such batch, or it has ended */
  cancel(id: string): void {
    if (this.jobs.snapshotOf(this.get(id)).endedAt !== undefined)
      throw new ApiError('FAILED_PRECONDITION', 'The batch has ended and cannot be cancelled.');
    this.jobs.cancel(id);
  }

  /** Deletes a batch. Its files stay. */
  delete(id: string): void {
    this.jobs.delete(this.get(id).id);
  }

  #isOverLimit(model: string, tokens: number): boolean {
    const { enqueuedTokenLimit: limit = Number.POSITIVE_INFINITY } = this.#settings;
    const enqueued = this.jobs
      .unfinished()
      .filter((job) => job.model === model)
      .reduce((sum, { estimatedTokens }) => sum + estimatedTokens, 0);
    return enqueued + tokens > limit;
  }

  async #write({ job, requests }: JobRun<GeminiBatch>): Promise<JobOutput> {
    // The API loses what a job had finished when it expired or was cancelled.
    if (finalStatuses(job).end !== 'completed') return NO_OUTPUT;
    const { dataDir, files } = this.#settings;
    const path = join(dataDir, 'outputs', job.id);
    const { bytes, ...output } = await writeOutput(path, job, requests);
    const id = responsesFileOf(job.id);
    files.add({ id, bytes, mimeType: 'application/jsonl', source: 'GENERATED' }, path);
    return output;
  }
}

function errorsOf({ isOverLimit, outcome }: GeminiBatch) {
  if (isOverLimit || outcome === 'failed_quota')
    return [{ code: 'RESOURCE_EXHAUSTED', message: QUOTA }];
  const message = 'The input file is malformed: refused by plan.';
  return outcome === 'failed_invalid' ? [{ code: 'INVALID_ARGUMENT', message }] : [];
}

const BATCH_STATES: Readonly<Record<JobStatus, string>> = {
  validating: 'BATCH_STATE_PENDING',
  failed: 'BATCH_STATE_FAILED',
  in_progress: 'BATCH_STATE_RUNNING',
  finalizing: 'BATCH_STATE_RUNNING',
  completed: 'BATCH_STATE_SUCCEEDED',
  expired: 'BATCH_STATE_EXPIRED',
  cancelling: 'BATCH_STATE_RUNNING',
  cancelled: 'BATCH_STATE_CANCELLED',
};

const TYPE_PREFIX = 'type.googleapis.com/google.ai.generativelanguage.v1main';

/** A batch as the API shows it: as an operation. Undefined fields are not sent. */
export function batchObject(job: GeminiBatch, snapshot: JobSnapshot) {
  const { status, endedAt } = snapshot;
  const name = `batches/${job.id}`;
  const createTime = isoTime(job.createdAt);
  const output =
    status === 'completed' ? { responsesFile: `files/${responsesFileOf(job.id)}` } : undefined;
  return {
    name,
    metadata: {
      '@type': `${TYPE_PREFIX}.${job.kind}Batch`,
      model: job.model,
      displayName: job.displayName,
      inputConfig: { fileName: job.inputFile },
      output,
      createTime,
      endTime: endedAt === undefined ? undefined : isoTime(endedAt),
      updateTime: isoTime(endedAt ?? snapshot.inProgressAt ?? job.createdAt),
      batchStats: statsOf(job, snapshot),
      state: BATCH_STATES[status],
      name,
    },
    done: endedAt === undefined ? undefined : true,
    error: errorOf(job, snapshot),
    response: output && { '@type': `${TYPE_PREFIX}.${job.kind}BatchOutput`, ...output },
  };
}

/** The counts, as strings. Those of 0 are not sent. */
function statsOf(job: GeminiBatch, snapshot: JobSnapshot) {
  const { result } = snapshot;
  const counts = result ?? verdictCounts(job.outcome, requestsRun(job, snapshot), job.requests);
  const pending = job.requests - counts.succeeded - counts.failed;
  return {
    requestCount: countOf(job.requests),
    successfulRequestCount: countOf(counts.succeeded),
    failedRequestCount: countOf(counts.failed),
    pendingRequestCount: countOf(result ? 0 : pending),
  };
}

function countOf(count: number): string | undefined {
  return count === 0 ? undefined : String(count);
}

function errorOf({ inspection }: GeminiBatch, { status }: JobSnapshot) {
  if (status === 'cancelled') return { code: 1, message: 'The batch was cancelled.' };
  const error = status === 'failed' ? inspection?.errors[0] : undefined;
  return error && rpcStatus(error.code as StatusName, error.message);
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
