import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { DocumentStore } from '../engine/documents.ts';
import { type JobSettings, Jobs } from '../engine/jobs.ts';
import { outcomeAt, type PlannedOutcome } from '../engine/plan.ts';
import type { JobRecord, JobSnapshot } from '../engine/timeline.ts';
import { ApiError } from './errors.ts';
import { receiveCreate } from './input.ts';
import { writeResults } from './replies.ts';

/** A message batch as it is stored. */
export interface AnthropicBatch extends JobRecord {
  readonly requests: number;
}

/** A `custom_id` as this project writes it: a submission key, and a stand-in for the user's id. */
const WITH_KEY = /^((bh[a-z0-9]{16})-\d+)_(.+)$/;

/** The group and the submission key of a job, from the `custom_id` of its first request. */
function originOf(customId: string): { group: string; key?: string } {
  const [, key, group] = WITH_KEY.exec(customId) ?? [];
  return key === undefined || group === undefined ? { group: 'others' } : { group, key };
}

/** The id of a request without the key, so that it is the same in all jobs of a group. */
function idWithoutKey(customId: string): string {
  return WITH_KEY.exec(customId)?.[3] ?? customId;
}

interface AnthropicSettings extends JobSettings {
  readonly queuedRequestLimit?: number | undefined;
}

/** The batches of the account. */
export class AnthropicBatches {
  readonly jobs: Jobs<AnthropicBatch>;
  readonly #settings: AnthropicSettings;
  readonly #positions: PlanPositions;
  readonly #results: string;

  constructor(settings: AnthropicSettings) {
    const { dataDir } = settings;
    this.#settings = settings;
    this.#positions = new PlanPositions(dataDir);
    this.#results = join(dataDir, 'results');
    mkdirSync(this.#results, { recursive: true });
    this.jobs = new Jobs(settings, {
      idOf: ({ custom_id: customId }) => idWithoutKey(String(customId)),
      // The API runs every batch that it has accepted.
      errorsOf: () => [],
      write: ({ job, requests }) => writeResults(this.#resultsPath(job.id), job, requests),
    });
  }

  /** @throws ApiError for a wrong call, a full queue, or because the plan refuses the call */
  async create(request: IncomingMessage): Promise<AnthropicBatch> {
    const id = `msgbatch_${randomBytes(12).toString('hex')}`;
    const received = join(this.#results, `${id}.received`);
    const { requests, firstId } = await receiveCreate(request, received);
    const { group, key } = originOf(firstId);
    try {
      this.#checkQueue(requests);
      const position = this.#positions.take(group);
      refuseByPlan(outcomeAt(this.#settings.plan, position));
      await rename(received, this.jobs.inputPath(id));
      return this.jobs.create({ id, group, key, position, requests });
    } finally {
      await rm(received, { force: true });
    }
  }

  /** @throws ApiError 404 */
  get(id: string): AnthropicBatch {
    const job = this.jobs.get(id);
    if (!job) throw new ApiError(404, `Message batch ${id} not found.`);
    return job;
  }

  /** @throws ApiError 400 for a batch that has ended */
  cancel(id: string): AnthropicBatch {
    if (this.#hasEnded(this.get(id))) throw new ApiError(400, `Batch ${id} has ended.`);
    this.jobs.cancel(id);
    return this.get(id);
  }

  /** @throws ApiError 400 for a batch that has not ended */
  async delete(id: string): Promise<void> {
    if (!this.#hasEnded(this.get(id)))
      throw new ApiError(400, `Batch ${id} has not ended: cancel it before you delete it.`);
    this.jobs.delete(id);
    await rm(this.#resultsPath(id), { force: true });
  }

  /**
   * The path of the results.
   *
   * @throws ApiError 404 until the batch has ended
   */
  results(id: string): string {
    const path = this.#resultsPath(id);
    if (this.#hasEnded(this.get(id)) && existsSync(path)) return path;
    throw new ApiError(404, `Batch ${id} has no results yet.`);
  }

  #resultsPath(id: string): string {
    return join(this.#results, `${id}.jsonl`);
  }

  #hasEnded(job: AnthropicBatch): boolean {
    return this.jobs.snapshotOf(job).endedAt !== undefined;
  }

  #checkQueue(requests: number): void {
    const { queuedRequestLimit: limit } = this.#settings;
    const queued = this.jobs.unfinished().reduce((sum, job) => sum + job.requests, 0);
    if (limit !== undefined && queued + requests > limit) throw queueFull(limit);
  }
}

interface PositionRecord {
  readonly id: string;
  readonly sequence: number;
  readonly count: number;
}

/**
 * The position of each group in the plan. It can exceed the number of the group's jobs, because a
 * create call that is refused by plan uses up a position and makes no job.
 */
class PlanPositions {
  readonly #records: DocumentStore<PositionRecord>;

  constructor(dataDir: string) {
    this.#records = new DocumentStore(join(dataDir, 'positions'));
  }

  /** Uses up the next position of the group, counted from 0. */
  take(group: string): number {
    const id = group.replaceAll(/[^\w.-]/g, '_');
    const { sequence = this.#records.nextSequence(), count = 0 } = this.#records.get(id) ?? {};
    this.#records.save({ id, sequence, count: count + 1 });
    return count;
  }
}

/** Refuses the create call where other APIs fail a job, because this API fails no batch. */
function refuseByPlan(outcome: PlannedOutcome): void {
  if (outcome === 'failed_quota') throw queueFull(DEFAULT_QUEUE_LIMIT);
  if (outcome === 'failed_invalid')
    throw new ApiError(400, 'requests.0.params: refused by the plan of the simulator');
}

/** The limit that a planned refusal names: that of the second usage tier. */
const DEFAULT_QUEUE_LIMIT = 200_000;

function queueFull(limit: number): ApiError {
  const message = `This request would exceed your organization's limit of ${limit} batch requests in the processing queue. Please try again once some of your batches have ended.`;
  return new ApiError(429, message);
}

const WINDOW_MS = 24 * 60 * 60 * 1000;

/** A batch as the API shows it. Its counts stay 0 until the end. */
export function batchObject(job: AnthropicBatch, snapshot: JobSnapshot, baseUrl: string) {
  const { result, endedAt, cancellingAt } = snapshot;
  const status = cancellingAt === undefined ? 'in_progress' : 'canceling';
  return {
    id: job.id,
    type: 'message_batch',
    processing_status: result ? 'ended' : status,
    request_counts: countsOf(job, snapshot),
    ended_at: isoTime(endedAt),
    created_at: isoTime(job.createdAt),
    expires_at: isoTime(job.createdAt + WINDOW_MS),
    archived_at: null,
    cancel_initiated_at: isoTime(cancellingAt),
    results_url: result ? `${baseUrl}/v1/messages/batches/${job.id}/results` : null,
  };
}

function countsOf({ requests }: AnthropicBatch, { result, status }: JobSnapshot) {
  const none = { processing: 0, succeeded: 0, errored: 0, canceled: 0, expired: 0 };
  if (!result) return { ...none, processing: requests };
  const { succeeded, failed: errored } = result;
  const notRun = status === 'cancelled' ? 'canceled' : 'expired';
  return { ...none, succeeded, errored, [notRun]: requests - succeeded - errored };
}

function isoTime(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : new Date(milliseconds).toISOString();
}
