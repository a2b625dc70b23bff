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
