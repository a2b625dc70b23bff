import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { Background } from './background.ts';
import { DocumentStore } from './documents.ts';
import type { Journal } from './journal.ts';
import { readLines } from './lines.ts';
import { outcomeAt, type PlannedOutcome } from './plan.ts';
import {
  type InputLine,
  type JobOutput,
  type RunRequest,
  runRequests,
  saltOf,
  writeIds,
} from './run.ts';
import {
  finalStatuses,
  type JobRecord,
  type JobResult,
  type JobSnapshot,
  requestsRun,
  snapshotAt,
} from './timeline.ts';

type ResultOf<Job extends JobRecord> = NonNullable<Job['result']>;
type ErrorOf<Job extends JobRecord> = NonNullable<Job['inspection']>['errors'][number];

/** How one provider's jobs differ from another's. */
export interface JobKind<Job extends JobRecord> {
  /** The id of the request on a line of the input, as the journal lists it. */
  idOf(line: InputLine): string;
  /**
   * Checks a job's input. Default: counts its lines, because the input has been checked already
   * when the job was created.
   *
   * @param files the input, and the file for the ids of its requests, one JSON string a line
   */
  inspect?(
    job: Job,
    files: { readonly inputPath: string; readonly sentPath: string },
    signal: AbortSignal,
  ): Promise<{ readonly requests: number; readonly errors: readonly ErrorOf<Job>[] }>;
  /** Why a job fails without running although its input is good, e.g. by plan or for quota. */
  errorsOf(job: Job): readonly ErrorOf<Job>[];
  /**
   * Writes the output of a job to where the provider puts it. A kill in the middle repeats the
   * call. The journal knows only those requests as succeeded that are taken from `requests`.
   */
  write(run: JobRun<Job>): Promise<JobOutput>;
}

/** A job whose output is to be written. */
export interface JobRun<Job extends JobRecord> {
  readonly job: Job;
  readonly snapshot: JobSnapshot<ResultOf<Job>>;
  readonly requests: AsyncIterable<RunRequest>;
  readonly signal: AbortSignal;
}

/** The options that decide the course of all jobs, and where they are kept. */
export interface JobSettings {
  readonly dataDir: string;
  readonly plan: readonly PlannedOutcome[];
  readonly jobSeconds: number;
  readonly journal: Journal;
  readonly now: () => number;
}

/** What the creator of a job decides. */
export type NewJob<Job extends JobRecord> = Omit<
  Job,
  'sequence' | 'createdAt' | 'position' | 'outcome' | 'jobSeconds' | 'isDeleted'
> & {
  /** For the journal: the submission key. */
  readonly key?: string | undefined;
  /** For the journal: the uploaded file that the input comes from. */
  readonly fileId?: string | undefined;
  /** The job's position in the plan. Default: how many jobs the group has had. */
  readonly position?: number;
};

/** The jobs of one account. A plan decides how they end, the clock how far they are. */
export class Jobs<Job extends JobRecord> {
  readonly #settings: JobSettings;
  readonly #kind: JobKind<Job>;
  readonly #records: DocumentStore<Job>;
  readonly #background = new Background();

  constructor(settings: JobSettings, kind: JobKind<Job>) {
    this.#settings = settings;
    this.#kind = kind;
    this.#records = new DocumentStore(join(settings.dataDir, 'jobs'));
    mkdirSync(join(settings.dataDir, 'inputs'), { recursive: true });
  }

  /** The file that must hold a job's requests as JSON lines before the job is created. */
  inputPath(id: string): string {
    return join(this.#settings.dataDir, 'inputs', `${id.replaceAll(/[^\w.-]/g, '_')}.jsonl`);
  }

  create({ key, fileId, ...job }: NewJob<Job>): Job {
    const { plan, jobSeconds, journal, now } = this.#settings;
    // Deleted jobs count, since each has used up a position of the plan.
    const ofGroup = this.#records.all().filter(({ group }) => group === job.group);
    const { position = ofGroup.length } = job;
    const outcome = outcomeAt(plan, position);
    const record = {
      ...job,
      sequence: this.#records.nextSequence(),
      createdAt: now(),
      position,
      outcome,
      jobSeconds,
    } as unknown as Job;
    const created = { event: 'created', jobId: job.id, batch: job.group, outcome } as const;
    journal.append({ ...created, ...omitUndefined({ key, fileId }) });
    this.#records.save(record);
    this.startDueWork(record.id);
    return record;
  }

  /** Returns undefined for a job that does not exist or was deleted. */
  get(id: string): Job | undefined {
    const job = this.#records.get(id);
    return job?.isDeleted ? undefined : job;
  }

  /** All jobs that were not deleted, oldest first. */
  all(): Job[] {
    return this.#records.all().filter(({ isDeleted }) => !isDeleted);
  }

  /** The jobs that have not ended, oldest first. */
  unfinished(): Job[] {
    return this.all().filter((job) => this.snapshotOf(job).endedAt === undefined);
  }

  /** Hides a job. It keeps its position in the plan. */
  delete(id: string): void {
    const job = this.#records.get(id);
    if (job) this.#records.save({ ...job, isDeleted: true });
  }

  /** The job as it is now. Starts the work that is due. */
  snapshotOf(job: Job): JobSnapshot<ResultOf<Job>> {
    this.startDueWork(job.id);
    return this.#snapshotOf(this.#latest(job));
  }

  /** Requests the end of a job. Does nothing to a job that has ended or is ending. */
  cancel(id: string): void {
    const job = this.get(id);
    if (!job || job.cancelRequestedAt !== undefined) return;
    const { status } = this.#snapshotOf(job);
    if (status !== 'validating' && status !== 'in_progress') return;
    this.#settings.journal.append({ event: 'cancel_asked', jobId: id });
    this.#records.save({ ...job, cancelRequestedAt: this.#settings.now() });
  }

  /** Starts what is due: the check of the job's input or the writing of its output. */
  startDueWork(id: string): void {
    const job = this.get(id);
    if (!job) return;
    const { status } = this.#snapshotOf(job);
    if (job.inspection === undefined && job.cancelRequestedAt === undefined)
      this.#background.start(`inspect ${id}`, (signal) => this.#inspect(job, signal));
    else if ((status === 'finalizing' || status === 'cancelling') && !job.result)
      this.#background.start(`finish ${id}`, (signal) => this.#finishJob(job, signal));
  }

  /** Resolves when all work that is due by now is done. */
  async finishDueWork(): Promise<void> {
    // The second round does what became due by the first.
    for (let round = 0; round < 2; round++) {
      for (const { id } of this.all()) this.startDueWork(id);
      await this.#background.idle();
    }
  }

  /** Aborts running work. A restart repeats it. */
  async close(): Promise<void> {
    await this.#background.stop();
  }

  #latest(job: Job): Job {
    return this.#records.get(job.id) ?? job;
  }

  #snapshotOf(job: Job): JobSnapshot<ResultOf<Job>> {
    return snapshotAt<ResultOf<Job>>(job as Job & { result?: ResultOf<Job> }, this.#settings.now());
  }

  async #inspect(job: Job, signal: AbortSignal): Promise<void> {
    const { journal, now } = this.#settings;
    const inputPath = this.inputPath(job.id);
    const files = { inputPath, sentPath: journal.sentPath(job.id) };
    const found = await (this.#kind.inspect?.(job, files, signal) ?? this.#count(files, signal));
    // Read again: a job that was cancelled in the meantime never runs.
    const latest = this.#latest(job);
    if (latest.cancelRequestedAt !== undefined) return;
    const { requests } = found;
    const errors = found.errors.length > 0 ? found.errors : this.#kind.errorsOf(latest);
    journal.append({ event: 'inspected', jobId: job.id, requests });
    if (errors.length > 0)
      journal.append({
        event: 'ended',
        jobId: job.id,
        status: 'failed',
        succeeded: 0,
        failed: 0,
      });
    this.#records.save({ ...latest, inspection: { at: now(), requests, errors } });
    if (errors.length > 0) await rm(inputPath, { force: true });
  }

  async #count(files: { inputPath: string; sentPath: string }, signal: AbortSignal) {
    const lines = readLines(files.inputPath, signal);
    return { requests: await writeIds(files.sentPath, lines, this.#kind.idOf), errors: [] };
  }

  async #finishJob({ id }: Job, signal: AbortSignal): Promise<void> {
    const job = this.#records.get(id);
    if (!job) return;
    const { journal, now } = this.#settings;
    const inputPath = this.inputPath(id);
    const snapshot = this.#snapshotOf(job);
    const requests = runRequests(
      {
        inputPath,
        outcome: job.outcome,
        ran: requestsRun(job, snapshot),
        salt: saltOf(job),
        idOf: this.#kind.idOf,
        succeededPath: journal.succeededPath(id),
      },
      signal,
    );
    const output = await this.#kind.write({ job, snapshot, requests, signal });
    const { succeeded, failed } = output;
    const { end } = finalStatuses(job);
    journal.append({ event: 'ended', jobId: id, status: end, succeeded, failed });
    const result: JobResult = { ...output, at: now() };
    this.#records.save({ ...this.#latest(job), result });
    await rm(inputPath, { force: true });
  }
}
