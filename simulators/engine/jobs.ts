import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Background } from './background.ts';
import { DocumentStore } from './documents.ts';
import type { Journal } from './journal.ts';
import { readLines } from './lines.ts';
import { hashOf, type PlanWord, wordAt } from './plan.ts';
import { type RunRequest, runRequests, writeIds } from './run.ts';
import { lastStatuses, type Moment, momentOf, ranRequests } from './timeline.ts';

/** What a job wrote, once and for all. */
export interface Settlement {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
}

/**
 * A job as it is kept. Its status is not kept: it follows from these facts and the time. Times
 * are milliseconds since 1970.
 */
export interface JobRecord {
  readonly id: string;
  readonly sequence: number;
  readonly createdAt: number;
  /** What the plan counts its jobs by: see the journal's `batch`. */
  readonly group: string;
  /** Of this job among those of its group, from 0. */
  readonly position: number;
  readonly word: PlanWord;
  readonly jobSeconds: number;
  /** Any error means that the job fails without running. */
  readonly inspection?: {
    readonly at: number;
    readonly requests: number;
    readonly errors: readonly { readonly code: string; readonly message: string }[];
  };
  readonly cancelRequestedAt?: number;
  readonly settlement?: Settlement;
  readonly isDeleted?: boolean;
}

/** How one provider's jobs differ from another's. */
export interface JobKind<Job extends JobRecord> {
  /** The id of the request on a line of the input, as the journal shall know it. */
  idOf(line: Readonly<Record<string, unknown>>): string;
  /** Why a job is not run, if it is not: a plan's word, a limit, a bad line. */
  errorsOf(job: Job): readonly { code: string; message: string }[];
  /**
   * Writes what the job leaves behind, where the provider leaves it. May be run again after a kill.
   * Every request must be taken, or the journal does not know what succeeded.
   */
  write(
    job: Job,
    requests: AsyncIterable<RunRequest>,
    signal: AbortSignal,
  ): Promise<Omit<Settlement, 'at'>>;
}

export interface JobsOptions<Job extends JobRecord> {
  readonly dataDir: string;
  readonly plan: readonly PlanWord[];
  readonly jobSeconds: number;
  readonly journal: Journal;
  readonly now: () => number;
  readonly kind: JobKind<Job>;
}

/** What the creator of a job decides. */
export type NewJob<Job extends JobRecord> = Omit<
  Job,
  'sequence' | 'createdAt' | 'position' | 'word' | 'jobSeconds' | 'isDeleted'
> & {
  readonly key?: string | undefined;
  /** In the plan. Default: how many jobs the group has had. */
  readonly position?: number;
};

/** The jobs of one account: a plan decides their ends, the clock their progress. */
export class Jobs<Job extends JobRecord> {
  readonly #options: JobsOptions<Job>;
  readonly #records: DocumentStore<Job>;
  readonly #background = new Background();

  constructor(options: JobsOptions<Job>) {
    this.#options = options;
    this.#records = new DocumentStore(join(options.dataDir, 'jobs'));
    mkdirSync(join(options.dataDir, 'inputs'), { recursive: true });
  }

  /** Where the requests of a job must be, as JSON lines, before it is created. */
  inputPath(id: string): string {
    return join(this.#options.dataDir, 'inputs', `${id.replaceAll(/[^\w.-]/g, '_')}.jsonl`);
  }

  create(job: NewJob<Job>): Job {
    const { plan, jobSeconds, journal, now } = this.#options;
    const { key, ...kept } = job;
    // Deleted ones count: what is deleted has used up its word.
    const ofGroup = this.#records.all().filter(({ group }) => group === job.group);
    const { position = ofGroup.length } = job;
    const word = wordAt(plan, position);
    const record = {
      ...kept,
      sequence: this.#records.nextSequence(),
      createdAt: now(),
      position,
      word,
      jobSeconds,
    } as unknown as Job;
    journal.append({
      event: 'created',
      jobId: job.id,
      batch: job.group,
      ...(key === undefined ? {} : { key }),
      word,
    });
    this.#records.save(record);
    this.advance(record.id);
    return record;
  }

  /** Undefined for one that is not there, or was deleted. */
  get(id: string): Job | undefined {
    const job = this.#records.get(id);
    return job?.isDeleted ? undefined : job;
  }

  /** Oldest first, without those that were deleted. */
  all(): Job[] {
    return this.#records.all().filter(({ isDeleted }) => !isDeleted);
  }

  /** Hides a job: the plan still counts it. */
  delete(id: string): void {
    const job = this.#records.get(id);
    if (job) this.#records.save({ ...job, isDeleted: true });
  }

  /** How the job stands now; starts what it owes by now. */
  momentOf(job: Job): Moment {
    this.advance(job.id);
    return momentOf(this.#latest(job), this.#options.now());
  }

  /** Asks for its end; does nothing to one that has ended or is ending. */
  cancel(id: string): void {
    const job = this.get(id);
    if (!job || job.cancelRequestedAt !== undefined) return;
    const { status } = momentOf(job, this.#options.now());
    if (status !== 'validating' && status !== 'in_progress') return;
    this.#options.journal.append({ event: 'cancel_asked', jobId: id });
    this.#records.save({ ...job, cancelRequestedAt: this.#options.now() });
  }

  /** Starts what the job owes by now: the check of its input, the writing of its output. */
  advance(id: string): void {
    const job = this.get(id);
    if (!job) return;
    const { status } = momentOf(job, this.#options.now());
    if (job.inspection === undefined && job.cancelRequestedAt === undefined)
      this.#background.start(`inspect ${id}`, (signal) => this.#inspect(job, signal));
    else if ((status === 'finalizing' || status === 'cancelling') && !job.settlement)
      this.#background.start(`settle ${id}`, (signal) => this.#settle(job, signal));
  }

  /** Resolves when no job owes anything more by now. */
  async settled(): Promise<void> {
    for (let round = 0; round < 2; round++) {
      for (const { id } of this.all()) this.advance(id);
      await this.#background.idle();
    }
  }

  /** Stops the work in hand: a restart does it again. */
  async close(): Promise<void> {
    await this.#background.stop();
  }

  #latest(job: Job): Job {
    return this.#records.get(job.id) ?? job;
  }

  async #inspect(job: Job, signal: AbortSignal): Promise<void> {
    const { journal, kind, now } = this.#options;
    const lines = readLines(this.inputPath(job.id), signal);
    const requests = await writeIds(journal.sentPath(job.id), lines, kind.idOf);
    // Read again: a cancel may have come in between, and then it is never run.
    const latest = this.#latest(job);
    if (latest.cancelRequestedAt !== undefined) return;
    const errors = kind.errorsOf(latest);
    journal.append({ event: 'inspected', jobId: job.id, requests });
    if (errors.length > 0) {
      const jobId = job.id;
      journal.append({ event: 'ended', jobId, status: 'failed', succeeded: 0, failed: 0 });
    }
    this.#records.save({ ...latest, inspection: { at: now(), requests, errors } });
  }

  async #settle(job: Job, signal: AbortSignal): Promise<void> {
    const { journal, kind, now } = this.#options;
    const latest = this.#latest(job);
    const moment = momentOf(latest, now());
    const inputPath = this.inputPath(job.id);
    const requests = runRequests(
      {
        inputPath,
        word: latest.word,
        ran: ranRequests(latest, moment),
        salt: hashOf(`${latest.group} ${latest.position}`),
        idOf: kind.idOf,
        succeededPath: journal.succeededPath(job.id),
      },
      signal,
    );
    const settlement: Settlement = { at: now(), ...(await kind.write(latest, requests, signal)) };
    const { succeeded, failed } = settlement;
    const { end } = lastStatuses(latest);
    journal.append({ event: 'ended', jobId: job.id, status: end, succeeded, failed });
    this.#records.save({ ...this.#latest(job), settlement });
    await rm(inputPath, { force: true });
  }
}
