import type { BatchInfo } from '../client/batchInfo.ts';

/** A batch as the console holds it. */
export type HeldBatch = BatchInfo;

/**
 * A place in the list of batches, newest first: right after a batch. With an id that no batch has, before a
 * time.
 */
export interface Place {
  /** ISO 8601. */
  readonly createdAt: string;
  readonly batchId: string;
}

/** Right after a batch. */
export function placeOf({ createdAt, batchId }: Place): Place {
  return { createdAt, batchId };
}

/** The one of two places that is further back. */
export function earlier(a: Place | undefined, b: Place): Place {
  return a && a.createdAt < b.createdAt ? a : b;
}

/** A bound of the table, which leaves out what was created at it, that has the batches of this time. */
export function justAfter(time: string): string {
  return new Date(Date.parse(time) + 1).toISOString();
}

/** Tells of batches in their order whether they come after a place. Batches of one moment have any order. */
export function isAfter(place: Place | undefined): (batch: HeldBatch) => boolean {
  let isPassed = place === undefined;
  return ({ createdAt, batchId }) => {
    if (place === undefined || isPassed) return true;
    // The batch of the place may be gone.
    isPassed = createdAt < place.createdAt;
    if (isPassed) return true;
    isPassed = batchId === place.batchId;
    return false;
  };
}

/** The newest batches of a handler, in the order of the table, without a gap. */
export class HeldBatches {
  readonly #most: number;
  #byId = new Map<string, HeldBatch>();
  #oldest: string | undefined;
  #cursor: string | undefined;
  #isWhole = false;

  /** @param most the most batches that are held: the oldest are left out */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#byId.size;
  }

  get isFull(): boolean {
    return this.size >= this.#most;
  }

  /** Whether every batch of the handler is held. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Where the table goes on after the oldest. Undefined if that is not known. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  /** All batches since then are held, in ISO 8601. Undefined if none was read yet. */
  get oldest(): string | undefined {
    return this.#oldest;
  }

  get(batchId: string): HeldBatch | undefined {
    return this.#byId.get(batchId);
  }

  values(): Iterable<HeldBatch> {
    return this.#byId.values();
  }

  /**
   * Adds the batches that follow the oldest in the table.
   *
   * @param cursor where the table goes on after them. Undefined if it ends there
   */
  append(batches: readonly HeldBatch[], cursor: string | undefined): void {
    for (const batch of batches)
      if (!this.#byId.has(batch.batchId)) this.#byId.set(batch.batchId, batch);
    this.#oldest = batches.at(-1)?.createdAt ?? this.#oldest;
    this.#cursor = cursor;
    this.#isWhole = cursor === undefined;
  }

  /** Whether the batch belongs to those that are held, or did if it was new. */
  covers({ batchId, createdAt }: HeldBatch): boolean {
    if (this.#byId.has(batchId) || this.#isWhole) return true;
    return this.#oldest !== undefined && createdAt >= this.#oldest;
  }

  /** Takes the present state of batches. Those that are new come to their place. */
  take(batches: readonly HeldBatch[]): void {
    const fresh: HeldBatch[] = [];
    for (const batch of batches)
      if (this.#byId.has(batch.batchId)) this.#byId.set(batch.batchId, batch);
      else if (this.covers(batch)) fresh.push(batch);
    if (fresh.length > 0) this.#merge(fresh);
  }

  remove(batchId: string): boolean {
    return this.#byId.delete(batchId);
  }

  /** Holds only these, the newest of the table. */
  beginAnew(batches: readonly HeldBatch[], cursor: string | undefined): void {
    this.#byId.clear();
    this.#oldest = undefined;
    this.append(batches, cursor);
  }

  #merge(fresh: HeldBatch[]): void {
    fresh.sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0));
    const merged = new Map<string, HeldBatch>();
    let next = 0;
    const add = (batch: HeldBatch) => {
      if (merged.size < this.#most) merged.set(batch.batchId, batch);
    };
    for (const batch of this.#byId.values()) {
      for (let one = fresh[next]; one && one.createdAt >= batch.createdAt; one = fresh[++next])
        add(one);
      add(batch);
    }
    for (const one of fresh.slice(next)) add(one);
    const isCut = merged.size < this.#byId.size + fresh.length;
    this.#byId = merged;
    if (!isCut) return;
    this.#isWhole = false;
    this.#cursor = undefined;
    this.#oldest = [...merged.values()].at(-1)?.createdAt;
  }
}
