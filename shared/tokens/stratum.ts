/** What was counted at one place. */
export interface Measurement {
  /** Characters, or tools. */
  readonly size: number;
  /** Its tokens by a cheap guess. */
  readonly guess: number;
  readonly tokens: number;
}

/** The relative standard error that a stratum is sampled down to. Four of them are 5 %. */
const TARGET_ERROR = 0.0125;
const MIN_MEASUREMENTS = 48;
const MAX_MEASUREMENTS = 800;
/** Gaps never grow to more than this share of what was seen: early estimates are used as well. */
const MAX_GROWTH = 1 / 16;
/** Before this many measurements their spread says nothing. */
const SPREAD_KNOWN = 16;

/** What decides on where to count. */
export interface SampleRandom {
  /** From 0 to below 1; seeded, so that a file always has the same estimate. */
  random(): number;
  /** What the whole file will hold, of this kind and those sampled beside it; `size` is seen. */
  expectedSize(size: number): number;
}

/**
 * Learns by how much a cheap guess of the tokens of one kind of text is wrong, by counting at random
 * places. Of each gap one place is counted, and stands for the gap: text that changes in the course
 * of a file is weighed as it comes. Gaps grow with the file, so that files of any size cost about
 * the same, and are wider where the guesses are wrong by the same factor everywhere.
 */
export class Stratum {
  #size = 0;
  #guess = 0;
  #gapStart = 0;
  #gap: number;
  #place = 0;
  #measurements = 0;
  /** Sums over the measurements, each times the gap that it stands for. */
  #measured = { size: 0, guess: 0, tokens: 0, squaredErrors: 0 };
  readonly #smallestGap: number;
  readonly #chance: SampleRandom;

  /** @param smallestGap in characters (or tools): about what one measurement takes in */
  constructor(smallestGap: number, chance: SampleRandom) {
    this.#smallestGap = smallestGap;
    this.#gap = smallestGap;
    this.#chance = chance;
  }

  /**
   * Takes in one text, and estimates its tokens by what is known by now.
   *
   * @param measure counts around a place in it, from 0 to below `size`
   */
  add(size: number, guess: number, measure: (place: number) => Measurement): number {
    const start = this.#size;
    this.#size += size;
    this.#guess += guess;
    // The first text of a kind is measured at once: there is never only the guess.
    while (this.#place < this.#size) {
      this.#learn(measure(Math.max(0, Math.floor(this.#place - start))));
      this.#nextPlace();
    }
    return guess * this.#factor();
  }

  /** The tokens of all texts. */
  total(): number {
    return this.#guess * this.#factor();
  }

  #factor(): number {
    const { guess, tokens } = this.#measured;
    return guess > 0 ? tokens / guess : 1;
  }

  #learn({ size, guess, tokens }: Measurement): void {
    if (size <= 0) return;
    const measured = this.#measured;
    this.#measurements += 1;
    measured.size += this.#gap;
    measured.guess += (this.#gap * guess) / size;
    measured.tokens += (this.#gap * tokens) / size;
    measured.squaredErrors += this.#gap * ((tokens - guess * this.#factor()) / size) ** 2;
  }

  #nextPlace(): void {
    this.#gapStart += this.#gap;
    const even = this.#chance.expectedSize(this.#gapStart) / this.#wanted();
    this.#gap = Math.max(this.#smallestGap, Math.min(even, this.#gapStart * MAX_GROWTH));
    this.#place = this.#gapStart + this.#chance.random() * this.#gap;
  }

  /** How many measurements a file needs that is all of this kind; of a mixed one, its share. */
  #wanted(): number {
    const { size, tokens, squaredErrors } = this.#measured;
    if (this.#measurements < SPREAD_KNOWN || tokens === 0) return MAX_MEASUREMENTS;
    const relativeVariance = squaredErrors / size / (tokens / size) ** 2;
    const wanted = relativeVariance / TARGET_ERROR ** 2;
    return Math.min(MAX_MEASUREMENTS, Math.max(MIN_MEASUREMENTS, wanted));
  }
}
