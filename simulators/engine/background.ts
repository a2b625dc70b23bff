/**
 * Work that goes on between calls, one piece at a time and each piece once. Work that fails is
 * reported, and done when it is asked for again.
 */
export class Background {
  readonly #abort = new AbortController();
  readonly #pending = new Set<string>();
  #last: Promise<void> = Promise.resolve();

  /** Does nothing if work of this name is waiting or running. */
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

  /** Resolves when all work started so far is done. */
  idle(): Promise<void> {
    return this.#last;
  }

  /** Stops the running work and drops the waiting one. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#last;
  }
}

/** Between two looks at the jobs. */
const LOOK_MS = 100;

interface Watched<Job> {
  jobs(): readonly Job[];
  /** The status in which it has ended, if it has. */
  endOf(job: Job): string | undefined;
  /** @param position how many jobs were told of before */
  tell(job: Job, end: string, position: number): Promise<void>;
}

/**
 * Tells once of each job that ends. What had ended before, and what ends while the simulator is
 * down, is never told.
 */
export class EndWatch<Job extends { readonly id: string }> {
  readonly #watched: Watched<Job>;
  readonly #over: Set<string>;
  readonly #telling = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #position = 0;

  constructor(watched: Watched<Job>) {
    this.#watched = watched;
    const ended = watched.jobs().filter((job) => watched.endOf(job) !== undefined);
    this.#over = new Set(ended.map(({ id }) => id));
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#telling);
  }

  #look(): void {
    for (const job of this.#watched.jobs()) {
      const end = this.#over.has(job.id) ? undefined : this.#watched.endOf(job);
      if (end === undefined) continue;
      this.#over.add(job.id);
      const telling = this.#watched
        .tell(job, end, this.#position++)
        .finally(() => this.#telling.delete(telling));
      this.#telling.add(telling);
    }
  }
}
