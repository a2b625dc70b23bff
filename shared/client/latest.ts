/** Milliseconds for which what was read counts as the present. What was read may say it. */
type MaxAge<T> = number | ((value: T) => number);

/** What was read last, as long as it counts as the present. Those that ask meanwhile wait for the same read. */
export class Latest<T> {
  readonly #read: () => Promise<T>;
  readonly #maxAgeMs: MaxAge<T>;
  readonly #now: () => number;
  #value: Promise<T> | undefined;
  /** When the value was read, and for how long it counts; undefined while it is being read. */
  #age: { readonly readAt: number; readonly maxMs: number } | undefined;

  /** @param now milliseconds since 1970 */
  constructor(
    read: () => Promise<T>,
    { maxAgeMs, now }: { readonly maxAgeMs: MaxAge<T>; readonly now: () => number },
  ) {
    this.#read = read;
    this.#maxAgeMs = maxAgeMs;
    this.#now = now;
  }

  /** @throws the error of the read, which the next one that asks repeats */
  get(): Promise<T> {
    if (this.#value && !this.#isOld()) return this.#value;
    this.#age = undefined;
    const value = this.#read();
    this.#value = value;
    value.then(
      (read) => {
        if (this.#value !== value) return;
        const maxMs = typeof this.#maxAgeMs === 'number' ? this.#maxAgeMs : this.#maxAgeMs(read);
        this.#age = { readAt: this.#now(), maxMs };
      },
      () => {
        if (this.#value === value) this.#value = undefined;
      },
    );
    return value;
  }

  #isOld(): boolean {
    if (!this.#age) return false;
    const passed = this.#now() - this.#age.readAt;
    // A clock that was set back says nothing of its age.
    return passed < 0 || passed >= this.#age.maxMs;
  }

  /** Whoever asks next reads it anew. */
  forget(): void {
    this.#value = undefined;
    this.#age = undefined;
  }
}
