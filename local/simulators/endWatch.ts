/** Between two looks at the jobs. */
const LOOK_MS = 100;

/**
 * Tells once of each job that ends. What had ended before, and what ends while the simulator is
 * down, is never told.
 */
export class EndWatch {
  readonly #ended: () => ReadonlyMap<string, string>;
  readonly #tell: (jobId: string, end: string) => Promise<void>;
  readonly #told: Set<string>;
  readonly #telling = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;

  /** @param ended the jobs that have ended by now, each with its status */
  constructor(
    ended: () => ReadonlyMap<string, string>,
    tell: (jobId: string, end: string) => Promise<void>,
  ) {
    this.#ended = ended;
    this.#tell = tell;
    this.#told = new Set(ended().keys());
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#telling);
  }

  #look(): void {
    for (const [jobId, end] of this.#ended()) {
      if (this.#told.has(jobId)) continue;
      this.#told.add(jobId);
      const telling = this.#tell(jobId, end).finally(() => this.#telling.delete(telling));
      this.#telling.add(telling);
    }
  }
}
