import { setImmediate } from 'node:timers/promises';
import pMap from 'p-map';
import { NewerSchemaError, UnreadableRecordError } from '../batch/errors.ts';
import { isEnded } from '../batch/status.ts';
import type { BatchHandlerClient } from '../client/client.ts';
import { MAX_KEYS } from '../client/readBatches.ts';
import type { HeldBatch, HeldBatches } from './heldBatches.ts';

/** Pages of new batches that one look reads. */
const MAX_NEW_PAGES = 10;
/** Open batches that one look reads again: at most 100 a second. */
const MAX_OPEN = 200;
/** Batches that one look reads one by one. */
const MAX_SINGLE = 100;
/** Of those, such whose parts are read with them: up to 1,000 records for each. */
const MAX_SUMS = 5;
const CONCURRENCY = 10;
/** How long a batch is read at each look after a command for it. */
const FOLLOW_MS = 60_000;

/** What a look at the table has found so far. */
export interface News {
  readonly changed: readonly HeldBatch[];
  readonly removed: readonly string[];
}

/**
 * Finds out what has changed in the batches that are held, a bounded amount at each look. Of many open
 * batches, each look reads the next ones, so that each has its turn.
 */
export class ChangeReader {
  readonly #client: BatchHandlerClient;
  readonly #held: HeldBatches;
  readonly #now: () => number;
  /** Those that are to be read one by one → until when, in milliseconds since 1970; 0: only once. */
  readonly #singles = new Map<string, number>();
  #round: Round | undefined;

  constructor(client: BatchHandlerClient, held: HeldBatches, now: () => number) {
    this.#client = client;
    this.#held = held;
    this.#now = now;
  }

  /** Reads these at each look, for a while. */
  follow(batchIds: readonly string[]): void {
    const until = this.#now() + FOLLOW_MS;
    for (const batchId of batchIds) this.#singles.set(batchId, until);
  }

  /** Reads those one by one that a list has left without the sum of their parts. */
  sumUp(batches: readonly HeldBatch[]): void {
    for (const batch of batches) if (lacksSum(batch)) this.#readOnce(batch.batchId);
  }

  /** One look: what is new, what has changed of the open ones, and what has ended. */
  async *read(): AsyncGenerator<News> {
    yield await this.#readNewest();
    yield* this.#readOpen();
    yield await this.#readSingles();
  }

  /** Those that were added since the last look, with the newest that are known. */
  async #readNewest(): Promise<News> {
    const read: HeldBatch[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages < MAX_NEW_PAGES; pages++) {
      const page = await this.#client.listPage({ limit: MAX_KEYS, cursor });
      read.push(...page.batches);
      const isJoined = page.batches.some(({ batchId }) => this.#held.get(batchId));
      if (isJoined || page.cursor === undefined) return this.#take(read);
      cursor = page.cursor;
      await setImmediate();
    }
    // So many were added, as while the machine slept, that those between are not known: begin anew.
    this.#held.beginAnew(read, cursor);
    this.sumUp(read);
    return { changed: read, removed: [] };
  }

  async *#readOpen(): AsyncGenerator<News> {
    this.#round ??= this.#newRound();
    const round = this.#round;
    // An error ends the round: the next look begins another.
    this.#round = undefined;
    let some: HeldBatch[] = [];
    for (let read = 0; read < MAX_OPEN; read++) {
      const { done, value } = await round.open.next();
      if (done) {
        yield this.#take(some, { gone: round.unreadable });
        // Those that were open, and no longer are.
        for (const batchId of round.expected) this.#readOnce(batchId);
        return;
      }
      round.expected.delete(value.batchId);
      some.push(value);
      if (some.length === MAX_KEYS) {
        yield this.#take(some);
        some = [];
      }
    }
    if (some.length > 0) yield this.#take(some);
    this.#round = round;
  }

  #newRound(): Round {
    const unreadable: string[] = [];
    const expected = new Set<string>();
    for (const { batchId, status } of this.#held.values())
      if (!isEnded(status)) expected.add(batchId);
    const open = this.#client.listBatches({
      status: 'open',
      onUnreadable: (batchId) => unreadable.push(batchId),
    });
    return { open, expected, unreadable };
  }

  async #readSingles(): Promise<News> {
    const due = this.#dueSingles();
    const changed: HeldBatch[] = [];
    const removed: string[] = [];
    await pMap(
      due,
      async ([batchId, until]) => {
        const batch = await this.#readOne(batchId);
        this.#singles.delete(batchId);
        // At the end, so that the others have their turn.
        if (batch && this.#now() < until) this.#singles.set(batchId, until);
        if (batch) changed.push(batch);
        else removed.push(batchId);
        await setImmediate();
      },
      { concurrency: CONCURRENCY },
    );
    const followed = new Set(due.filter(([, until]) => until > 0).map(([batchId]) => batchId));
    return this.#take(changed, { gone: removed, followed, isNow: true });
  }

  #dueSingles(): readonly (readonly [batchId: string, until: number])[] {
    const due: [string, number][] = [];
    let sums = 0;
    for (const [batchId, until] of this.#singles) {
      const batch = this.#held.get(batchId);
      if (batch && runsInParts(batch) && ++sums > MAX_SUMS) continue;
      due.push([batchId, until]);
      if (due.length === MAX_SINGLE) break;
    }
    return due;
  }

  /** @returns undefined if it is gone, or cannot be read, so that no list shows it */
  async #readOne(batchId: string): Promise<HeldBatch | undefined> {
    try {
      return await this.#client.getBatch(batchId);
    } catch (error) {
      if (error instanceof NewerSchemaError || error instanceof UnreadableRecordError)
        return undefined;
      throw error;
    }
  }

  /** Takes what was read into those that are held. */
  #take(
    read: readonly HeldBatch[],
    { gone = [], followed, isNow = false }: TakeOptions = {},
  ): News {
    const changed = read.filter((batch) => {
      const { batchId } = batch;
      const before = this.#held.get(batchId);
      // A list that is read in several looks may have an older state than is held, or lack the sum.
      const isDoubtful = !isNow && (lacksSum(batch) || (before && isOlder(batch, before)));
      if (isDoubtful) this.#readOnce(batchId);
      if (before) return !isDoubtful && JSON.stringify(before) !== JSON.stringify(batch);
      // An open one from further back than was read comes with its page.
      return this.#held.covers(batch) || followed?.has(batchId);
    });
    this.#held.take(changed);
    const removed = gone.filter((batchId) => this.#held.remove(batchId) || followed?.has(batchId));
    return { changed, removed };
  }

  #readOnce(batchId: string): void {
    if (!this.#singles.has(batchId)) this.#singles.set(batchId, 0);
  }
}

/** All open batches, which takes several looks if there are many. */
interface Round {
  readonly open: AsyncGenerator<HeldBatch>;
  /** Ids of those that were open when it began, and have not come yet. */
  readonly expected: Set<string>;
  /** Ids of those that cannot be read. */
  readonly unreadable: readonly string[];
}

interface TakeOptions {
  /** Ids of those that are gone, or cannot be read. */
  readonly gone?: readonly string[];
  /** Ids that are told of also if they are not held, because somebody may see them. */
  readonly followed?: ReadonlySet<string>;
  /** Whether each was read just now. */
  readonly isNow?: boolean;
}

function isOlder(batch: HeldBatch, than: HeldBatch): boolean {
  return batch.statusAt < than.statusAt;
}

/** Whether its numbers are those of its parts. */
function runsInParts({ status, partCount }: HeldBatch): boolean {
  return partCount !== undefined && (status === 'split' || status === 'collecting');
}

/** Whether its numbers should be summed up from its parts, and a list has not done so. */
function lacksSum(batch: HeldBatch): boolean {
  return runsInParts(batch) && batch.finishedInParts === undefined;
}
