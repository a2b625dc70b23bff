/** What was counted at one place. */
export interface Measurement {
  /** In characters, or in tools. */
  readonly size: number;
  /** The tokens by a cheap guess. */
  readonly guess: number;
  readonly tokens: number;
}

/** How precisely a stratum is sampled. */
export interface Precision {
  /** The relative standard error that is aimed at. */
  readonly targetError: number;
  readonly minMeasurements: number;
  readonly maxMeasurements: number;
}
/** Gaps never exceed this share of what was read so far, because early estimates are used, too. */
const MAX_GROWTH = 1 / 16;
/** With fewer measurements, their spread is not meaningful. */
const MIN_FOR_SPREAD = 16;

/** What decides where to count. */
export interface Sampling {
  /** A number from 0 to below 1. It is seeded, so that a file always has the same estimate. */
  random(): number;
  /**
   * The expected size of the whole file, of all kinds that are sampled together.
   *
   * @param size of this kind, as read so far
   */
  expectedSize(size: number): number;
}

/**
 * Learns the error of a cheap guess of the tokens of one kind of text, by counting at random places.
 * The text is divided into gaps, and one place of each gap is counted and represents it, so that a
 * file whose text changes is weighted correctly. Gaps grow with the file, so that files of any size
 * cost about the same, and are wider if the guess is wrong by the same factor everywhere.
 */
export class Stratum {
  #size = 0;
  #guess = 0;
  #gapStart = 0;
  #gap: number;
  #place = 0;
  #measurements = 0;
  /** Sums over the measurements, each multiplied by the gap that it represents. */
  #measured = { size: 0, guess: 0, tokens: 0, squaredErrors: 0 };
  readonly #smallestGap: number;
  readonly #sampling: Sampling;
  readonly #precision: Precision;

  /** @param smallestGap in characters, tools or bytes: about the size of one measurement */
  constructor(smallestGap: number, sampling: Sampling, precision: Precision) {
    this.#precision = precision;
    this.#smallestGap = smallestGap;
    this.#gap = smallestGap;
    this.#sampling = sampling;
  }

  /**
   * Adds one text, and estimates its tokens as far as the error is known now.
   *
   * @param measure counts around a place in the text, from 0 to below `size`
   */
  add(size: number, guess: number, measure: (place: number) => Measurement): number {
    const start = this.#size;
    this.#size += size;
    this.#guess += guess;
    // The first text of a kind is measured at once, so that no estimate is only a guess.
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
    const even = this.#sampling.expectedSize(this.#gapStart) / this.#wanted();
    this.#gap = Math.max(this.#smallestGap, Math.min(even, this.#gapStart * MAX_GROWTH));
    this.#place = this.#gapStart + this.#sampling.random() * this.#gap;
  }

  /** How many measurements a file of only this kind needs. A mixed file needs its share of them. */
  #wanted(): number {
    const { size, tokens, squaredErrors } = this.#measured;
    const { targetError, minMeasurements, maxMeasurements } = this.#precision;
    if (this.#measurements < MIN_FOR_SPREAD || tokens === 0) return maxMeasurements;
    const relativeVariance = squaredErrors / size / (tokens / size) ** 2;
    const wanted = relativeVariance / targetError ** 2;
    return Math.min(maxMeasurements, Math.max(minMeasurements, wanted));
  }
}
