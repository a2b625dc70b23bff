import type { Standing } from '../batch/ledger.ts';
import type { Place } from './readInPlace.ts';

/** Where a row lies on disk, and what it says. */
export interface SpooledRow extends Place {
  readonly standing: Standing;
}

const STANDINGS: readonly Standing[] = ['succeeded', 'failed', 'unfinished'];
const FIRST_CAPACITY = 64;

/**
 * Where the row of each request lies. In arrays of numbers: an object for each of some 100,000 rows
 * would take twice the memory, and the garbage collector's time.
 */
export class SpooledRows {
  readonly #positions = new Map<string, number>();
  #offsets = new Float64Array(FIRST_CAPACITY);
  #lengths = new Uint32Array(FIRST_CAPACITY);
  #standings = new Uint8Array(FIRST_CAPACITY);

  get size(): number {
    return this.#positions.size;
  }

  get(reference: string): SpooledRow | undefined {
    const position = this.#positions.get(reference);
    if (position === undefined) return undefined;
    return {
      offset: this.#offsets[position] as number,
      length: this.#lengths[position] as number,
      standing: STANDINGS[this.#standings[position] as number] as Standing,
    };
  }

  /** Takes the place of the row that the reference has had, if any. */
  set(reference: string, { offset, length, standing }: SpooledRow): void {
    const position = this.#positions.get(reference) ?? this.#positions.size;
    if (position === this.#offsets.length) this.#grow();
    this.#positions.set(reference, position);
    this.#offsets[position] = offset;
    this.#lengths[position] = length;
    this.#standings[position] = STANDINGS.indexOf(standing);
  }

  #grow(): void {
    const [offsets, lengths, standings] = [this.#offsets, this.#lengths, this.#standings];
    const capacity = offsets.length * 2;
    this.#offsets = new Float64Array(capacity);
    this.#offsets.set(offsets);
    this.#lengths = new Uint32Array(capacity);
    this.#lengths.set(lengths);
    this.#standings = new Uint8Array(capacity);
    this.#standings.set(standings);
  }
}
