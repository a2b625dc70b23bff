interface Happening {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Far more than the thousand or so of a usual schedule, and than the most of those with a quota. */
const MAX_HAPPENINGS = 400_000;

/**
 * Virtual time. Planned events happen in order, and the code under test runs on to its next call
 * before the next event happens.
 */
export class Timeline {
  now: number;
  /** Requests over HTTP that are being answered: their bodies are streams, which take more turns. */
  streams = 0;
  readonly #heap: Happening[] = [];
  #order = 0;

  constructor(start: number) {
    this.now = start;
  }

  after(milliseconds: number, run: () => void): void {
    this.#push({ at: this.now + Math.max(0, milliseconds), order: this.#order++, run });
  }

  /**
   * Runs until no event is planned before `until`.
   *
   * @returns false if it gave up after too many events
   */
  async run(until: number): Promise<boolean> {
    let happened = 0;
    for (let next = this.#heap[0]; next && next.at <= until; next = this.#heap[0]) {
      if (++happened > MAX_HAPPENINGS) return false;
      this.#pop();
      this.now = Math.max(this.now, next.at);
      next.run();
      // By then, every microtask is done: all code has run on to its next I/O.
      await new Promise<void>((resolve) => {
        if (this.streams > 0) setImmediate(resolve);
        else process.nextTick(resolve);
      });
    }
    return true;
  }

  #push(happening: Happening): void {
    const heap = this.#heap;
    let index = heap.push(happening) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(heap[index], heap[parent])) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (heap.length === 0 || !last) return;
    heap[0] = last;
    for (let index = 0; ; ) {
      const left = 2 * index + 1;
      const right = left + 1;
      let first = index;
      if (left < heap.length && before(heap[left], heap[first])) first = left;
      if (right < heap.length && before(heap[right], heap[first])) first = right;
      if (first === index) return;
      this.#swap(index, first);
      index = first;
    }
  }

  #swap(a: number, b: number): void {
    const held = this.#heap[a] as Happening;
    this.#heap[a] = this.#heap[b] as Happening;
    this.#heap[b] = held;
  }
}

function before(a: Happening | undefined, b: Happening | undefined): boolean {
  if (!a || !b) return false;
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
