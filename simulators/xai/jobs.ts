import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { link, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type JobKind, type JobRun, type JobSettings, Jobs } from '../engine/jobs.ts';
import { LineWriter, readLines } from '../engine/lines.ts';
import { verdictCounts } from '../engine/plan.ts';
import { isObject, parseJson } from '../engine/router.ts';
import { type JobOutput, NO_OUTPUT } from '../engine/run.ts';
import { type JobError, type JobRecord, requestsRun } from '../engine/timeline.ts';
import type { Files } from '../openai/files.ts';
import { ApiError, invalid, missing } from './errors.ts';
import { writeResults } from './replies.ts';

/** Of lines. Both are answered in the form of chat completions. */
const ENDPOINTS: readonly unknown[] = ['/v1/chat/completions', '/v1/responses'];

interface XaiBatch extends JobRecord {
  readonly name: string;
  /** Of the whole input. */
  readonly requests: number;
}

interface XaiSettings extends JobSettings {
  readonly files: Files;
  readonly pendingRequestLimit?: number | undefined;
  readonly pendingRequestRefusal: 'create' | 'job';
  readonly times: 'date' | 'timestamp';
}

const LIMIT_MESSAGE = 'Too many requests are pending in the batches of the team.';
/** The time after which a batch expires is not documented. */
const LIFE_MS = 30 * 24 * 60 * 60 * 1000;

/** The batches of the team. */
export class XaiBatches {
  readonly jobs: Jobs<XaiBatch>;
  readonly #settings: XaiSettings;
  readonly #results: string;

  constructor(settings: XaiSettings) {
    this.#settings = settings;
    this.#results = join(settings.dataDir, 'results');
    mkdirSync(this.#results, { recursive: true });
    this.jobs = new Jobs(settings, this.#kind());
  }

  /** @throws ApiError if there is no such input file, or too much is pending */
  async create(name: string, fileId: string): Promise<XaiBatch> {
    const { files, pendingRequestRefusal: refusal } = this.#settings;
    const file = files.find(fileId);
    if (!file) throw missing(`File ${fileId} not found`);
    let requests = 0;
    for await (const _ of readLines(files.contentPath(file.id))) requests += 1;
    if (refusal === 'create' && this.#isOverLimit({ requests }, this.jobs.unfinished()))
      throw new ApiError(429, 'resource-exhausted', LIMIT_MESSAGE);
    const id = `batch_${randomUUID()}`;
    await link(files.contentPath(file.id), this.jobs.inputPath(id));
    const [key = name] = name.split('/');
    const group = key.replace(/-\d+$/, '');
    return this.jobs.create({ id, name, requests, group, key, fileId });
  }

  /** @throws ApiError 404 */
  get(id: string): XaiBatch {
    const job = this.jobs.get(id);
    if (!job) throw missing(`Batch ${id} not found`);
    return job;
  }

  /** @throws ApiError for a batch that has ended. What xAI answers then is not documented. */
  cancel(id: string): XaiBatch {
    if (this.jobs.snapshotOf(this.get(id)).endedAt !== undefined)
      throw invalid(`Batch ${id} has no pending requests`);
    this.jobs.cancel(id);
    return this.get(id);
  }

  /** The results so far, one JSON text each. @throws ApiError 404 */
  async results(id: string): Promise<readonly string[]> {
    const { result } = this.jobs.snapshotOf(this.get(id));
    const lines: string[] = [];
    if (result && this.get(id).inspection?.errors.length === 0)
      for await (const { bytes } of readLines(this.#resultsPath(id))) lines.push(bytes.toString());
    return lines;
  }

  /** The batch as the API shows it now: proto/xai/api/v1/batch.proto of xai-org/xai-proto. */
  view({ id }: XaiBatch): object {
    const snapshot = this.jobs.snapshotOf(this.get(id));
    // Read again: the snapshot may be newer than the record in hand.
    const job = this.get(id);
    const { status, result, endedAt, cancellingAt } = snapshot;
    const isCancelled = status === 'cancelled' || status === 'cancelling';
    const hasExpired = status === 'expired';
    const isOver = status === 'failed' || hasExpired;
    const cancelledAt = isOver ? endedAt : isCancelled ? cancellingAt : undefined;
    return {
      batch_id: id,
      name: job.name,
      create_time: this.#time(job.createdAt),
      expire_time: this.#time(hasExpired ? cancelledAt : job.createdAt + LIFE_MS),
      create_api_key_id: 'simulator',
      cancel_time: this.#time(cancelledAt),
      cancel_by_xai_message:
        status === 'failed' ? (job.inspection?.errors[0]?.message ?? 'unknown') : null,
      state: this.#stateOf(job, snapshot),
      cost_breakdown: {
        total_cost_usd_ticks: (result?.usage.outputTokens ?? 0) * 1_000,
        endpoint_costs: [],
      },
    };
  }

  #stateOf(job: XaiBatch, snapshot: ReturnType<Jobs<XaiBatch>['snapshotOf']>) {
    const { status, result, inProgressAt } = snapshot;
    const isEmpty = status === 'validating' || status === 'failed' || inProgressAt === undefined;
    const total = isEmpty ? 0 : (job.inspection?.requests ?? 0);
    const counts = result ?? verdictCounts(job.outcome, requestsRun(job, snapshot), total);
    const rest = total - counts.succeeded - counts.failed;
    return {
      num_requests: total,
      // Until the results are there, something is pending.
      num_pending: result || isEmpty ? 0 : Math.max(1, rest),
      num_success: result || rest > 0 ? counts.succeeded : Math.max(0, counts.succeeded - 1),
      num_error: counts.failed,
      num_cancelled: result ? rest : 0,
    };
  }

  #time(milliseconds: number | undefined): string | null {
    if (milliseconds === undefined) return null;
    const text = new Date(milliseconds).toISOString();
    return this.#settings.times === 'date' ? text.slice(0, 10) : text;
  }

  #kind(): JobKind<XaiBatch> {
    return {
      idOf: ({ custom_id: customId }) => String(customId),
      inspect: (_job, files, signal) => inspectInput(files, signal),
      errorsOf: (job) => this.#errorsOf(job),
      write: (run) => this.#write(run),
    };
  }

  #errorsOf(job: XaiBatch): JobError[] {
    const earlier = this.jobs.unfinished().filter(({ sequence }) => sequence < job.sequence);
    if (job.outcome === 'failed_quota' || this.#isOverLimit(job, earlier))
      return [{ code: '', message: LIMIT_MESSAGE }];
    if (job.outcome !== 'failed_invalid') return [];
    return [{ code: '', message: 'Invalid input file: line 1 is malformed' }];
  }

  #isOverLimit({ requests }: Pick<XaiBatch, 'requests'>, unfinished: readonly XaiBatch[]) {
    const { pendingRequestLimit: limit = Number.POSITIVE_INFINITY } = this.#settings;
    return unfinished.reduce((sum, job) => sum + job.requests, requests) > limit;
  }

  #resultsPath(id: string): string {
    return join(this.#results, `${id}.jsonl`);
  }

  async #write({ job, snapshot, requests }: JobRun<XaiBatch>): Promise<JobOutput> {
    const path = this.#resultsPath(job.id);
    const part = `${path}.part`;
    // Cancelled before it ran: its input may not even be JSON.
    const isEmpty = snapshot.inProgressAt === undefined;
    const output = isEmpty
      ? await emptyFile(part)
      : await writeResults(part, Math.floor(job.createdAt / 1000), requests);
    await rm(path, { force: true });
    await rename(part, path);
    return output;
  }
}

async function emptyFile(path: string): Promise<JobOutput> {
  await (await LineWriter.create(path)).close();
  return NO_OUTPUT;
}

/** The lines are OpenAI's. */
async function inspectInput(
  { inputPath, sentPath }: { readonly inputPath: string; readonly sentPath: string },
  signal: AbortSignal,
): Promise<{ requests: number; errors: JobError[] }> {
  const errors: JobError[] = [];
  const sent = await LineWriter.create(sentPath);
  const ids = new Set<unknown>();
  let requests = 0;
  try {
    for await (const { bytes, number } of readLines(inputPath, signal)) {
      requests += 1;
      const line = parseJson(bytes.toString());
      const { custom_id: id, method, url, body } = isObject(line) ? line : {};
      const isNamed = typeof id === 'string' && id !== '' && !ids.has(id);
      const isCall = method === 'POST' && ENDPOINTS.includes(url);
      const isRequest = isObject(body) && typeof body.model === 'string';
      if (!isNamed || !isCall || !isRequest)
        errors.push({ code: '', message: `Invalid input file: line ${number} is malformed` });
      ids.add(id);
      if (isNamed) await sent.write(JSON.stringify(id));
    }
  } finally {
    await sent.close();
  }
  if (requests === 0) errors.push({ code: '', message: 'Invalid input file: it is empty' });
  return { requests, errors };
}
