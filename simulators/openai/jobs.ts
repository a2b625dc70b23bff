import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { link } from 'node:fs/promises';
import { join } from 'node:path';
import { Background } from '../engine/background.ts';
import { DocumentStore } from '../engine/documents.ts';
import type { JobRecord, Settlement as JobSettlement } from '../engine/jobs.ts';
import type { Journal } from '../engine/journal.ts';
import { wordAt } from '../engine/plan.ts';
import { momentOf } from '../engine/timeline.ts';
import type { CreateRequest } from './api.ts';
import type { Dialect } from './dialect.ts';
import { ApiError } from './errors.ts';
import type { Files } from './files.ts';
import type { OpenAiOptions } from './index.ts';
import { estimateTokens, firstRequest, isOverLimit, quotaError } from './inspection.ts';
import { batchObject } from './objects.ts';
import { inspect, settle } from './work.ts';

export interface BatchError {
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
  readonly line: number | null;
}

/** What a job wrote, once and for all. */
export interface Settlement extends JobSettlement {
  readonly outputFileId?: string;
  readonly errorFileId?: string;
}

/** A job of the Batch API. */
export interface BatchRecord extends JobRecord {
  readonly endpoint: string;
  readonly inputFileId: string;
  readonly completionWindow: string;
  readonly metadata: Readonly<Record<string, string>> | null;
  /** Life of the output files. */
  readonly outputSeconds: number;
  /** Of the first line; absent if that has none. */
  readonly model?: string;
  readonly estimatedTokens: number;
  readonly inspection?: {
    readonly at: number;
    readonly requests: number;
    readonly errors: readonly BatchError[];
  };
  readonly settlement?: Settlement;
}

export interface BatchParts {
  readonly options: OpenAiOptions;
  readonly manner: Dialect;
  readonly files: Files;
  readonly journal: Journal;
  readonly now: () => number;
}

/** The batches of the account. */
export class Batches {
  readonly records: DocumentStore<BatchRecord>;
  readonly parts: BatchParts;
  readonly #inputs: string;
  readonly #background = new Background();

  constructor(parts: BatchParts) {
    this.parts = parts;
    this.records = new DocumentStore(join(parts.options.dataDir, 'batches'));
    this.#inputs = join(parts.options.dataDir, 'inputs');
    mkdirSync(this.#inputs, { recursive: true });
  }

  /** @throws ApiError when the file or the limit refuses */
  async create(request: CreateRequest): Promise<BatchRecord> {
    const { options, manner, files, journal, now } = this.parts;
    const { enqueuedTokenLimit: limit, enqueuedTokenRefusal: refusal } = options;
    const file = files.find(request.inputFileId);
    if (file?.purpose !== 'batch')
      throw new ApiError(400, `No batch input file with the id '${request.inputFileId}'.`, {
        code: 'invalid_request',
        param: 'input_file_id',
      });
    const { model, url } = await firstRequest(files.contentPath(file.id));
    const named = manner.linesDecide ? (url ?? request.endpoint) : request.endpoint;
    const estimatedTokens = estimateTokens(file.bytes);
    const job = { ...(model === undefined ? {} : { model }), estimatedTokens };
    if (refusal !== 'job' && isOverLimit(job, this.records.all(), limit, now())) {
      const { code, message } = quotaError(model, limit);
      throw new ApiError(refusal, message, { code });
    }
    const id = `batch_${randomBytes(16).toString('hex')}`;
    // The job keeps its input, even if the file is deleted before it has run.
    await link(files.contentPath(file.id), this.inputPath(id));

    const group = request.metadata?.batch_id ?? file.filename;
    const position = this.records.all().filter((other) => other.group === group).length;
    const word = wordAt(options.plan, position);
    const record: BatchRecord = {
      ...request,
      endpoint: manner.endpointOf(named),
      ...job,
      id,
      sequence: this.records.nextSequence(),
      createdAt: now(),
      group,
      position,
      word,
      jobSeconds: options.jobSeconds,
    };
    const key = request.metadata?.batch_handler_key;
    journal.append({
      event: 'created',
      jobId: id,
      batch: group,
      ...(key === undefined ? {} : { key }),
      word,
      fileId: file.id,
    });
    this.records.save(record);
    this.advance(record);
    return record;
  }

  /** @throws ApiError 404 */
  get(id: string): BatchRecord {
    const record = this.records.get(id);
    if (!record) throw new ApiError(404, `No batch found with id '${id}'.`, { param: 'batch_id' });
    return record;
  }

  /** As the API shows it now. */
  view(record: BatchRecord) {
    this.advance(record);
    return this.parts.manner.showBatch(batchObject(record, momentOf(record, this.parts.now())));
  }

  /** @throws ApiError 409 for a job that is writing its output or has ended */
  cancel(id: string): BatchRecord {
    const record = this.get(id);
    const { status } = momentOf(record, this.parts.now());
    if (status === 'cancelling' || status === 'cancelled') return record;
    if (status !== 'validating' && status !== 'in_progress')
      throw new ApiError(409, `Cannot cancel a batch with status '${status}'.`);
    this.parts.journal.append({ event: 'cancel_asked', jobId: id });
    const cancelled = { ...record, cancelRequestedAt: this.parts.now() };
    this.records.save(cancelled);
    return cancelled;
  }

  inputPath(id: string): string {
    return join(this.#inputs, `${id}.jsonl`);
  }

  /** Starts what the job owes by now: the check of its input, the writing of its output. */
  advance({ id }: BatchRecord): void {
    const record = this.get(id);
    const { status } = momentOf(record, this.parts.now());
    if (record.inspection === undefined && record.cancelRequestedAt === undefined)
      this.#background.start(`inspect ${id}`, (signal) => inspect(this, id, signal));
    else if ((status === 'finalizing' || status === 'cancelling') && !record.settlement)
      this.#background.start(`settle ${id}`, (signal) => settle(this, id, signal));
  }

  /** Resolves when no job owes anything more by now. */
  async settled(): Promise<void> {
    for (const record of this.records.all()) this.advance(record);
    await this.#background.idle();
    for (const record of this.records.all()) this.advance(record);
    await this.#background.idle();
  }

  /** Stops the work in hand: a restart does it again. */
  async close(): Promise<void> {
    await this.#background.stop();
  }
}
