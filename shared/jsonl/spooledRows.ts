import type { RowOutcome } from '../batch/ledger.ts';
import type { RowPlace } from './window.ts';

/** Where a row is, and its request's outcome. */
export interface SpooledRow extends RowPlace {
  readonly outcome: RowOutcome;
}

const OUTCOMES: readonly RowOutcome[] = ['succeeded', 'failed', 'unfinished'];
const FIRST_CAPACITY = 64;
/** Numbers of a row: its segment, offset, length and outcome. */
const NUMBERS = 4;

/**
 * The place of each request's row. Kept in an array of numbers, because an object for each of some
 * 100,000 rows would take twice the memory, and the garbage collector's time.
 */
export class SpooledRows {
  readonly #positions = new Map<string, number>();
  #numbers = new Uint32Array(FIRST_CAPACITY * NUMBERS);

  get size(): number {
    return this.#positions.size;
  }

  /** Where the reference is in this list; undefined if it has no row. */
  positionOf(reference: string): number | undefined {
    return this.#positions.get(reference);
  }

  get(reference: string): SpooledRow | undefined {
    const position = this.#positions.get(reference);
    return position === undefined ? undefined : this.at(position);
  }

  outcomeAt(position: number): RowOutcome {
    return OUTCOMES[this.#numbers[position * NUMBERS + 3] as number] as RowOutcome;
  }

  at(position: number): SpooledRow {
    const at = position * NUMBERS;
    return {
      segment: this.#numbers[at] as number,
      offset: this.#numbers[at + 1] as number,
      length: this.#numbers[at + 2] as number,
      outcome: this.outcomeAt(position),
    };
  }

  /** Adds a reference that has no row yet. */
  add(reference: string, place: RowPlace, outcome: RowOutcome): void {
    const position = this.#positions.size;
    this.#positions.set(reference, position);
    this.replace(position, place, outcome);
  }

  replace(position: number, { segment, offset, length }: RowPlace, outcome: RowOutcome): void {
    const at = position * NUMBERS;
    if (at === this.#numbers.length) {
      const numbers = new Uint32Array(at * 2);
      numbers.set(this.#numbers);
      this.#numbers = numbers;
    }
    this.#numbers[at] = segment;
    this.#numbers[at + 1] = offset;
    this.#numbers[at + 2] = length;
    this.#numbers[at + 3] = OUTCOMES.indexOf(outcome);
  }
}
