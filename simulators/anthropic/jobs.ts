import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { type JobRecord, Jobs } from '../engine/jobs.ts';
import type { Journal } from '../engine/journal.ts';
import { wordAt } from '../engine/plan.ts';
import { Positions } from '../engine/run.ts';
import type { Moment } from '../engine/timeline.ts';
import { ApiError } from './errors.ts';
import type { AnthropicOptions } from './index.ts';
import { receiveCreate } from './input.ts';
import { writeResults } from './replies.ts';

/** A Message Batch. */
export interface BatchJob extends JobRecord {
  readonly requests: number;
}

/** A `custom_id` as this project writes it: a submission key and what stands for the user's id. */
const WITH_KEY = /^((bh[a-z0-9]{16})-\d+)_(.+)$/;

/** What the ids of a job tell of where it belongs. */
function originOf(customId: string): { group: string; key?: string } {
  const [, key, group] = WITH_KEY.exec(customId) ?? [];
  return key === undefined || group === undefined ? { group: 'others' } : { group, key };
}

/** The id of a request in all jobs of its group. */
function ownIdOf(customId: string): string {
  return WITH_KEY.exec(customId)?.[3] ?? customId;
}

/** The batches of the account. */
export class Batches {
  readonly jobs: Jobs<BatchJob>;
  readonly #options: AnthropicOptions;
  readonly #positions: Positions;
  readonly #results: string;

  constructor(options: AnthropicOptions, journal: Journal, now: () => number) {
    const { dataDir, plan, jobSeconds } = options;
    this.#options = options;
    this.#positions = new Positions(dataDir);
    this.#results = join(dataDir, 'results');
    mkdirSync(this.#results, { recursive: true });
    this.jobs = new Jobs({
      dataDir,
      plan,
      jobSeconds,
      journal,
      now,
      kind: {
        idOf: ({ custom_id: customId }) => ownIdOf(String(customId)),
        // A batch that was taken on is run, whatever is in it.
        errorsOf: () => [],
        write: (job, requests) => writeResults(this.resultsPath(job.id), job, requests),
      },
    });
  }

  resultsPath(id: string): string {
    return join(this.#results, `${id}.jsonl`);
  }

  /** @throws ApiError for a bad call, a full queue, or because the plan says so */
  async create(request: IncomingMessage): Promise<BatchJob> {
    const id = `msgbatch_${randomBytes(12).toString('hex')}`;
    const received = join(this.#results, `${id}.received`);
    const { requests, firstId } = await receiveCreate(request, received);
    const { group, key } = originOf(firstId);
    try {
      this.#checkQueue(requests);
      const position = this.#positions.take(group);
      refuseByPlan(wordAt(this.#options.plan, position));
      await rename(received, this.jobs.inputPath(id));
      return this.jobs.create({ id, group, key, position, requests });
    } finally {
      await rm(received, { force: true });
    }
  }

  /** @throws ApiError 404 */
  get(id: string): BatchJob {
    const job = this.jobs.get(id);
    if (!job) throw new ApiError(404, `Message batch ${id} not found.`);
    return job;
  }

  /** @throws ApiError 400 for one that has ended */
  cancel(id: string): BatchJob {
    const job = this.get(id);
    if (this.#hasEnded(job)) throw new ApiError(400, `Batch ${id} has ended.`);
    this.jobs.cancel(id);
    return this.get(id);
  }

  /** @throws ApiError 400 for one that has not ended */
  async delete(id: string): Promise<void> {
    const job = this.get(id);
    if (!this.#hasEnded(job))
      throw new ApiError(400, `Batch ${id} has not ended: cancel it before you delete it.`);
    this.jobs.delete(id);
    await rm(this.resultsPath(id), { force: true });
  }

  /** @throws ApiError 404 until the batch has ended */
  results(id: string): string {
    const path = this.resultsPath(id);
    if (this.#hasEnded(this.get(id)) && existsSync(path)) return path;
    throw new ApiError(404, `Batch ${id} has no results yet.`);
  }

  #hasEnded(job: BatchJob): boolean {
    return this.jobs.momentOf(job).settled !== undefined;
  }

  #checkQueue(requests: number): void {
    const { queuedRequestLimit: limit } = this.#options;
    if (limit === undefined) return;
    const queued = this.jobs
      .all()
      .filter((job) => !this.#hasEnded(job))
      .reduce((sum, job) => sum + job.requests, 0);
    if (queued + requests > limit) throw queueFull(limit);
  }
}

/** What the API has in place of a job that fails as a whole. */
function refuseByPlan(word: string): void {
  if (word === 'failed_quota') throw queueFull(USUAL_LIMIT);
  if (word === 'failed_invalid')
    throw new ApiError(400, 'requests.0.params: refused by the plan of the simulator');
}

/** The limit that a planned refusal names: of the second tier. */
const USUAL_LIMIT = 200_000;

function queueFull(limit: number): ApiError {
  const message = `This request would exceed your organization's limit of ${limit} batch requests in the processing queue. Please try again once some of your batches have ended.`;
  return new ApiError(429, message);
}

const WINDOW_MS = 24 * 60 * 60 * 1000;

/** A batch as the API shows it at one moment: its counts stay 0 until the end. */
export function batchObject(job: BatchJob, moment: Moment, baseUrl: string) {
  const { settled, reachedAt, cancellingAt } = moment;
  const status = cancellingAt === undefined ? 'in_progress' : 'canceling';
  return {
    id: job.id,
    type: 'message_batch',
    processing_status: settled ? 'ended' : status,
    request_counts: countsOf(job, moment),
    ended_at: time(settled && reachedAt),
    created_at: time(job.createdAt),
    expires_at: time(job.createdAt + WINDOW_MS),
    archived_at: null,
    cancel_initiated_at: time(cancellingAt),
    results_url: settled ? `${baseUrl}/v1/messages/batches/${job.id}/results` : null,
  };
}

function countsOf({ requests }: BatchJob, { settled, status }: Moment) {
  const none = { processing: 0, succeeded: 0, errored: 0, canceled: 0, expired: 0 };
  if (!settled) return { ...none, processing: requests };
  const { succeeded, failed: errored } = settled;
  const left = status === 'cancelled' ? 'canceled' : 'expired';
  return { ...none, succeeded, errored, [left]: requests - succeeded - errored };
}

function time(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : new Date(milliseconds).toISOString();
}
