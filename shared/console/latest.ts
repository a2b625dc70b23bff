/** What was read last, as long as it counts as the present. Those that ask meanwhile wait for the same read. */
export class Latest<T> {
  readonly #read: () => Promise<T>;
  readonly #maxAgeMs: number;
  readonly #now: () => number;
  #value: Promise<T> | undefined;
  /** When the value was read; undefined while it is being read. */
  #readAt: number | undefined;

  /** @param now milliseconds since 1970 */
  constructor(
    read: () => Promise<T>,
    { maxAgeMs, now }: { readonly maxAgeMs: number; readonly now: () => number },
  ) {
    this.#read = read;
    this.#maxAgeMs = maxAgeMs;
    this.#now = now;
  }

  /** @throws the error of the read, which the next one that asks repeats */
  get(): Promise<T> {
    const isOld = this.#readAt !== undefined && this.#now() - this.#readAt >= this.#maxAgeMs;
    if (this.#value && !isOld) return this.#value;
    this.#readAt = undefined;
    const value = this.#read();
    this.#value = value;
    value.then(
      () => {
        if (this.#value === value) this.#readAt = this.#now();
      },
      () => {
        if (this.#value === value) this.#value = undefined;
      },
    );
    return value;
  }

  /** Whoever asks next reads it anew. */
  forget(): void {
    this.#value = undefined;
    this.#readAt = undefined;
  }
}
