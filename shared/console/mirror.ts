import { isEnded } from '../batch/status.ts';
import type { BatchInfo } from '../client/batchInfo.ts';
import type { BatchHandlerClient } from '../client/client.ts';

/** Batches that are read of the table in one call. */
const PAGE = 100;

/**
 * Batches that are read ahead while somebody looks: enough to filter and to count without waiting. Of
 * DynamoDB, they cost about 10,000 read units, once.
 */
const READ_AHEAD = 10_000;

/** The most batches that are held. Reading older ones ends there: a filter of the table finds those. */
const MAX_HELD = 200_000;

/** What one request may read further, if the batches that are held do not answer it. */
const MAX_FURTHER = 1_000;

/** Between two looks at the table, at least. */
const REFRESH_MS = 2_000;
/** Reading many open batches again costs more: at most 100 of them a second. */
const REFRESH_MS_PER_BATCH = 10;

/** A batch as the console holds it. */
export type HeldBatch = BatchInfo;

/** Some of the batches that are held, the newest first. */
export interface Found {
  readonly batches: readonly HeldBatch[];
  /** Whether there may be more: after the last of them, or further back than was read. */
  readonly hasMore: boolean;
  /** Until when back all batches were looked at, in ISO 8601. Absent if all of them were. */
  readonly searchedTo?: string;
}

/** Told of the batches that have changed or are new. */
export type OnChange = (changed: readonly HeldBatch[], removed: readonly string[]) => void;

/**
 * The newest batches of the handler in memory, as far back as somebody has looked. The table is read in
 * pages, never whole; while somebody listens, what has changed is read again.
 */
export class BatchMirror {
  readonly #client: BatchHandlerClient;
  readonly #now: () => number;
  /** By id, the newest first: a new one is put before them by sorting. */
  #held = new Map<string, HeldBatch>();
  #cursor: string | undefined;
  #isWhole = false;
  #reading: Promise<void> | undefined;
  readonly #listeners = new Set<OnChange>();
  #timer: NodeJS.Timeout | undefined;

  /** @param now milliseconds since 1970 */
  constructor({
    client,
    now,
  }: {
    readonly client: BatchHandlerClient;
    readonly now: () => number;
  }) {
    this.#client = client;
    this.#now = now;
  }

  /**
   * The newest batches that pass, after one of them.
   *
   * @param passes whether a batch is wanted
   * @param after the id of the last batch of the page before
   * @throws the error of the table
   */
  async find(
    passes: (batch: HeldBatch) => boolean,
    { after, limit }: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<Found> {
    if (this.#held.size === 0) await this.#readMore();
    const mostHeld = this.#held.size + MAX_FURTHER;
    for (;;) {
      const found = this.#look(passes, after, limit + 1);
      const isEnough = found.length > limit || this.#isWhole;
      if (isEnough || this.#held.size >= mostHeld)
        return {
          batches: found.slice(0, limit),
          hasMore: found.length > limit || !this.#isWhole,
          ...(this.#isWhole ? {} : { searchedTo: this.#oldest() }),
        };
      await this.#readMore();
    }
  }

  /** All batches that are held, the newest first. */
  held(): Iterable<HeldBatch> {
    return this.#held.values();
  }

  /** Whether every batch of the handler is held. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /**
   * Reads further back until all batches since then are held, or as many as are ever read ahead.
   *
   * @param since milliseconds since 1970
   */
  async readBack(since: number): Promise<{ readonly isWhole: boolean; readonly oldest: string }> {
    while (!this.#isWhole && this.#held.size < READ_AHEAD) {
      if (this.#held.size > 0 && Date.parse(this.#oldest()) < since) break;
      await this.#readMore();
    }
    const oldest = this.#oldest();
    return { isWhole: this.#isWhole || Date.parse(oldest) < since, oldest };
  }

  /** Looks for changes as long as somebody listens. @returns stops listening */
  listen(onChange: OnChange): () => void {
    this.#listeners.add(onChange);
    if (this.#listeners.size === 1) void this.#refreshSoon(0);
    return () => {
      this.#listeners.delete(onChange);
      if (this.#listeners.size > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
  }

  /** Takes the present state of a batch, after a command for it. */
  put(batch: HeldBatch): void {
    this.#take([batch], []);
  }

  /** Reads these soon again, also those that have ended: a command was sent for them. */
  follow(batchIds: readonly string[]): void {
    void batchIds;
  }

  #look(passes: (batch: HeldBatch) => boolean, after: string | undefined, limit: number) {
    const found: HeldBatch[] = [];
    let isBefore = after !== undefined && this.#held.has(after);
    for (const batch of this.#held.values()) {
      if (!isBefore && passes(batch)) found.push(batch);
      if (batch.batchId === after) isBefore = false;
      if (found.length === limit) break;
    }
    return found;
  }

  #oldest(): string {
    let oldest = new Date(this.#now()).toISOString();
    for (const { createdAt } of this.#held.values()) oldest = createdAt;
    return oldest;
  }

  /** Reads one page further back. Those that ask meanwhile wait for the same page. */
  #readMore(): Promise<void> {
    this.#reading ??= this.#readPage().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readPage(): Promise<void> {
    if (this.#isWhole) return;
    const page = await this.#client.listPage({ limit: PAGE, cursor: this.#cursor });
    for (const batch of page.batches)
      if (!this.#held.has(batch.batchId)) this.#held.set(batch.batchId, batch);
    this.#cursor = page.cursor;
    this.#isWhole = page.cursor === undefined || this.#held.size >= MAX_HELD;
  }

  async #refreshSoon(milliseconds: number): Promise<void> {
    this.#timer = setTimeout(async () => {
      let open = 0;
      try {
        open = await this.#refresh();
        // What is still unread is read between two looks, so that neither waits long for the other.
        if (!this.#isWhole && this.#held.size < READ_AHEAD) await this.#readAhead();
      } catch {
        // The page says so: its own requests fail likewise. The next look may succeed.
      }
      if (this.#listeners.size > 0)
        void this.#refreshSoon(Math.max(REFRESH_MS, open * REFRESH_MS_PER_BATCH));
    }, milliseconds);
    this.#timer.unref();
  }

  async #readAhead(): Promise<void> {
    for (let page = 0; page < 10 && !this.#isWhole && this.#held.size < READ_AHEAD; page++)
      await this.#readMore();
  }

  /** @returns how many batches are open */
  async #refresh(): Promise<number> {
    if (this.#held.size === 0) await this.#readMore();
    const fresh = new Map<string, HeldBatch>();
    for await (const batch of this.#client.listBatches({ status: 'open' }))
      fresh.set(batch.batchId, batch);
    const open = fresh.size;
    for (const batch of await this.#newest()) fresh.set(batch.batchId, batch);
    const removed: string[] = [];
    for (const { batchId, status } of this.#held.values()) {
      if (isEnded(status) || fresh.has(batchId)) continue;
      // It has ended since, or its record is gone.
      const batch = await this.#client.getBatch(batchId);
      if (batch) fresh.set(batchId, batch);
      else removed.push(batchId);
    }
    const changed = [...fresh.values()].filter((batch) => this.#isNews(batch));
    this.#take(changed, removed);
    return open;
  }

  /** Those that were added since the last look. */
  async #newest(): Promise<readonly HeldBatch[]> {
    const found: HeldBatch[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#client.listPage({ limit: PAGE, cursor });
      const fresh = page.batches.filter(({ batchId }) => !this.#held.has(batchId));
      found.push(...fresh);
      if (fresh.length < page.batches.length) break;
      cursor = page.cursor;
    } while (cursor !== undefined && found.length < MAX_FURTHER);
    return found;
  }

  #isNews(batch: HeldBatch): boolean {
    const before = this.#held.get(batch.batchId);
    if (before) return JSON.stringify(before) !== JSON.stringify(batch);
    // An open one from further back than was read comes with its page.
    return this.#isWhole || batch.createdAt >= this.#oldest();
  }

  #take(changed: readonly HeldBatch[], removed: readonly string[]): void {
    if (changed.length + removed.length === 0) return;
    let isNew = false;
    for (const batch of changed) {
      if (!this.#held.has(batch.batchId)) isNew = true;
      this.#held.set(batch.batchId, batch);
    }
    for (const batchId of removed) this.#held.delete(batchId);
    if (isNew) {
      const sorted = [...this.#held].sort(([, a], [, b]) => newestFirst(a, b));
      this.#held = new Map(sorted);
    }
    for (const listener of this.#listeners) listener(changed, removed);
  }
}

function newestFirst(a: HeldBatch, b: HeldBatch): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? 1 : -1;
  return a.batchId < b.batchId ? -1 : 1;
}
