import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { BatchHandlerClient } from '../client/client.ts';
import { MAX_KEYS } from '../client/readBatches.ts';
import { ChangeReader } from './changeReader.ts';
import {
  earlier,
  type HeldBatch,
  HeldBatches,
  isAfter,
  justAfter,
  type Place,
  placeOf,
} from './heldBatches.ts';

export type { HeldBatch } from './heldBatches.ts';

/**
 * Batches that are held, and read ahead while somebody looks: enough to filter and to count without waiting.
 * Of DynamoDB, they cost about 10,000 read units, once. Older ones are read when they are asked for.
 */
const MAX_HELD = 10_000;

/** Pages that are read for the first page of a search, if the batches that are held do not fill it. */
const FIRST_READS = 5;
/** Pages that are read for each further page of a search, and ahead between two looks. */
const FURTHER_READS = 10;

/** Between two pages that are read ahead, so that whoever waits for an answer goes first. */
const AHEAD_PAUSE_MS = 20;

/** Between two looks at the table. */
const REFRESH_MS = 2_000;

/** Some of the batches, the newest first. */
export interface Found {
  readonly batches: readonly HeldBatch[];
  /** Where to search on. Absent if everything was searched. */
  readonly next?: Place;
}

export interface FindOptions {
  /** The `next` of the page before. Default: the first page. */
  readonly after?: Place | undefined;
  readonly limit: number;
  /** Only batches that were created at or after this time, in ISO 8601. Default: all. */
  readonly since?: string | undefined;
  /** Only batches that were created before this time, in ISO 8601. Default: all. */
  readonly until?: string | undefined;
}

/** Told of the batches that have changed or are new, and of the ids of those that are gone. */
export type OnChange = (changed: readonly HeldBatch[], removed: readonly string[]) => void;

/** Told of the error with which a look at the table has failed, and of undefined once one succeeds again. */
export type OnProblem = (error: unknown) => void;

interface MirrorPorts {
  readonly client: BatchHandlerClient;
  readonly now: () => number;
}

interface Listener {
  readonly onChange: OnChange;
  readonly onProblem: OnProblem;
}

/**
 * The newest batches of the handler in memory, as far back as somebody has looked. The table is read in
 * pages, never whole; while somebody listens, what has changed is read again.
 */
export class BatchMirror {
  readonly #client: BatchHandlerClient;
  readonly #now: () => number;
  readonly #held = new HeldBatches(MAX_HELD);
  readonly #changes: ChangeReader;
  #reading: Promise<void> | undefined;
  readonly #listeners = new Set<Listener>();
  #looking: Promise<void> = Promise.resolve();
  #isLookingOn = false;

  /** @param ports `now` in milliseconds since 1970 */
  constructor({ client, now }: MirrorPorts) {
    this.#client = client;
    this.#now = now;
    this.#changes = new ChangeReader(client, this.#held, now);
  }

  /**
   * The newest batches that pass, after a place. Reads a bounded number of pages of the table, and finds
   * less than was asked for if more would have to be read.
   *
   * @param passes whether a batch is wanted
   * @throws the error of the table
   */
  async find(
    passes: (batch: HeldBatch) => boolean,
    { after, limit, since = '', until }: FindOptions,
  ): Promise<Found> {
    const batches: HeldBatch[] = [];
    let place = until === undefined ? after : earlier(after, { createdAt: until, batchId: '' });
    let reads = after === undefined ? FIRST_READS : FURTHER_READS;
    for await (const some of this.#from(place)) {
      for (const batch of some) {
        if (batch.createdAt < since) return { batches };
        if (passes(batch)) {
          if (batches.length === limit) return { batches, next: placeOf(place ?? batch) };
          batches.push(batch);
        }
        place = batch;
      }
      reads -= 1;
      if (reads < 0 && place) return { batches, next: placeOf(place) };
    }
    return { batches };
  }

  /** All batches that are held, the newest first. */
  held(): Iterable<HeldBatch> {
    return this.#held.values();
  }

  /** Whether every batch of the handler is held. */
  get isWhole(): boolean {
    return this.#held.isWhole;
  }

  /**
   * Reads further back until all batches since then are held, or as many as are ever held.
   *
   * @param since milliseconds since 1970
   */
  async readBack(since: number): Promise<{ readonly isWhole: boolean; readonly oldest: string }> {
    const isReached = (): boolean =>
      this.isWhole || (this.#held.oldest !== undefined && Date.parse(this.#held.oldest) < since);
    while (!isReached() && !this.#held.isFull) await this.#readMore();
    const oldest = this.#held.oldest ?? new Date(this.#now()).toISOString();
    return { isWhole: isReached(), oldest };
  }

  /** Looks for changes as long as somebody listens. @returns stops listening */
  listen(onChange: OnChange, onProblem: OnProblem = () => {}): () => void {
    const listener = { onChange, onProblem };
    this.#listeners.add(listener);
    void this.#lookOnAndOn();
    return () => void this.#listeners.delete(listener);
  }

  /** Takes the present state of a batch, after a command for it. */
  put(batch: HeldBatch): void {
    this.#held.take([batch]);
    this.#tell([batch], []);
  }

  /** Reads these again at each look for a while: a command was sent for them. */
  follow(batchIds: readonly string[]): void {
    this.#changes.follow(batchIds);
  }

  /**
   * Reads what has changed, a bounded amount of it, after any look that has begun. Called by itself while
   * somebody listens.
   *
   * @throws the error of the table
   */
  look(): Promise<void> {
    const look = this.#looking.then(() => this.#look());
    this.#looking = look.catch(() => {});
    return look;
  }

  async #look(): Promise<void> {
    if (this.#held.oldest === undefined && !this.isWhole) await this.#readMore();
    for await (const { changed, removed } of this.#changes.read()) {
      if (changed.length + removed.length > 0) this.#tell(changed, removed);
      await setImmediate();
    }
    for (let read = 0; read < FURTHER_READS && !this.isWhole && !this.#held.isFull; read++) {
      await this.#readMore();
      await sleep(AHEAD_PAUSE_MS, undefined, { ref: false });
    }
  }

  async #lookOnAndOn(): Promise<void> {
    if (this.#isLookingOn) return;
    this.#isLookingOn = true;
    while (this.#listeners.size > 0) {
      try {
        await this.look();
        this.#tellProblem(undefined);
      } catch (error) {
        this.#tellProblem(error);
      }
      await sleep(REFRESH_MS, undefined, { ref: false });
    }
    this.#isLookingOn = false;
  }

  #tell(changed: readonly HeldBatch[], removed: readonly string[]): void {
    for (const { onChange } of this.#listeners) onChange(changed, removed);
  }

  #tellProblem(error: unknown): void {
    for (const { onProblem } of this.#listeners) onProblem(error);
  }

  /** The batches after a place: first those that are held, then each page of the table. */
  async *#from(place: Place | undefined): AsyncGenerator<readonly HeldBatch[]> {
    const held = this.#held;
    let last = place;
    for (;;) {
      if (last && !held.isWhole && held.oldest !== undefined && last.createdAt < held.oldest) break;
      const some = [...held.values()].filter(isAfter(last));
      last = some.at(-1) ?? last;
      yield some;
      if (held.isWhole) return;
      if (held.isFull) break;
      await this.#readMore();
    }
    yield* this.#older(last);
  }

  /** The batches after a place, a page of the table at a time, which are not held. */
  async *#older(place: Place | undefined): AsyncGenerator<readonly HeldBatch[]> {
    const isWanted = isAfter(place);
    let cursor: string | undefined;
    do {
      const until = place && justAfter(place.createdAt);
      const page = await this.#client.listPage({ limit: MAX_KEYS, until, cursor });
      yield page.batches.filter(isWanted);
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /** Reads one page further back. Those that ask meanwhile wait for the same page. */
  #readMore(): Promise<void> {
    this.#reading ??= this.#readPage().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readPage(): Promise<void> {
    const { isWhole, oldest, cursor } = this.#held;
    if (isWhole) return;
    const until = cursor === undefined && oldest !== undefined ? justAfter(oldest) : undefined;
    const page = await this.#client.listPage({ limit: MAX_KEYS, cursor, until });
    // Those that are held may have begun anew meanwhile.
    if (this.#held.oldest === oldest) {
      this.#held.append(page.batches, page.cursor);
      this.#changes.sumUp(page.batches);
    }
    // A table in this process answers at once: others are answered between two pages.
    await setImmediate();
  }
}
