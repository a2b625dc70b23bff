import type { JobRecord, JobSnapshot, JobStatus } from './timeline.ts';

/**
 * Runs work between calls, one piece at a time. Work that fails is reported on stderr and runs
 * again the next time it is started.
 */
export class Background {
  readonly #abort = new AbortController();
  readonly #pending = new Set<string>();
  #last: Promise<void> = Promise.resolve();

  /** Does nothing if work with this name is waiting or running. */
  start(name: string, work: (signal: AbortSignal) => Promise<void>): void {
    if (this.#pending.has(name) || this.#abort.signal.aborted) return;
    this.#pending.add(name);
    this.#last = this.#last.then(async () => {
      try {
        this.#abort.signal.throwIfAborted();
        await work(this.#abort.signal);
      } catch (error) {
        if (!this.#abort.signal.aborted)
          process.stderr.write(`simulator: ${name} failed: ${String(error)}\n`);
      } finally {
        this.#pending.delete(name);
      }
    });
  }

  /** Resolves when all work that has been started is done. */
  idle(): Promise<void> {
    return this.#last;
  }

  /** Aborts the running work and drops the waiting work. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#last;
  }
}

const POLL_MS = 100;

interface Watchable<Job> {
  all(): readonly Job[];
  snapshotOf(job: Job): JobSnapshot;
}

/**
 * @param status the status in which the job has ended
 * @param position how many jobs have ended before it, as far as this watch has seen
 */
type OnEnd<Job> = (job: Job, status: JobStatus, position: number) => Promise<void>;

/**
 * Calls `onEnd` once for each job that ends. Jobs that ended before the watch began, or while the
 * simulator was down, are not reported: a provider's notifications may be lost, too.
 */
export class EndWatch<Job extends JobRecord> {
  readonly #jobs: Watchable<Job>;
  readonly #onEnd: OnEnd<Job>;
  readonly #ended: Set<string>;
  readonly #running = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #position = 0;

  constructor(jobs: Watchable<Job>, onEnd: OnEnd<Job>) {
    this.#jobs = jobs;
    this.#onEnd = onEnd;
    const ended = jobs.all().filter((job) => jobs.snapshotOf(job).endedAt !== undefined);
    this.#ended = new Set(ended.map(({ id }) => id));
    this.#timer = setInterval(() => this.#poll(), POLL_MS);
  }

  /** Resolves when no call of `onEnd` is running. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#running);
  }

  #poll(): void {
    for (const job of this.#jobs.all()) {
      if (this.#ended.has(job.id)) continue;
      const { status, endedAt } = this.#jobs.snapshotOf(job);
      if (endedAt === undefined) continue;
      this.#ended.add(job.id);
      const call = this.#onEnd(job, status, this.#position++).finally(() =>
        this.#running.delete(call),
      );
      this.#running.add(call);
    }
  }
}
