import { schemaTokens, walkPrompt } from './prompt.ts';
import { type Precision, type Sampling, Stratum } from './stratum.ts';
import { type CountTokens, cutAt, guessText, TEXT_KINDS, type TextKind } from './text.ts';

/** A file with fewer characters of text than this is counted, not estimated. */
const EXACT_CHARACTERS = 32 * 1024;

/** Schemas use up what is counted exactly, too: by their tokens, of about as many characters. */
const CHARACTERS_PER_TOKEN = 4;

/** Schemas of one request that are counted, not sampled, in such a file. OpenAI takes 128 tools. */
const MAX_EXACT_SCHEMAS = 128;

/**
 * A file of unknown size is taken to be twice as large as what was read so far, which keeps the
 * estimate accurate at any point.
 */
export const USUAL_GROWTH = 2;

/** Four times the standard error is 5 %. */
const PRECISION: Precision = { targetError: 0.0125, minMeasurements: 48, maxMeasurements: 800 };

/** Any constant: the same file must always have the same estimate. */
const SAMPLING_SEED = 0x7ab1e;

export interface EstimatorOptions {
  /** Size of the whole input, which makes the estimate cheaper. Default: unknown. */
  readonly fileBytes?: number | undefined;
  /** The number of characters that are counted in full. Default: 32,768. */
  readonly exactCharacters?: number;
}

/**
 * Estimates the prompt tokens of the requests of one file, at a small part of the cost of counting
 * them. For files too large to count, the estimate is within 5 % of the count of OpenAI's tokenizer.
 * The same requests in the same order have the same estimate.
 */
export class TokenEstimator {
  readonly #count: CountTokens;
  readonly #texts: TextSampler;
  readonly #schemas: Stratum;
  readonly #fileBytes: number | undefined;
  #bytes = 0;
  #exactLeft: number;
  /** Tokens that are known without sampling: of small files, of images, and around each message. */
  #known = 0;
  #request = 0;

  constructor(
    count: CountTokens,
    { fileBytes, exactCharacters = EXACT_CHARACTERS }: EstimatorOptions = {},
  ) {
    const sampling = {
      random: seededRandom(SAMPLING_SEED),
      expectedSize: (size: number) => size * this.#growth(),
    };
    this.#count = count;
    this.#texts = new TextSampler(count, sampling);
    this.#schemas = new Stratum(1, sampling, PRECISION);
    this.#fileBytes = fileBytes;
    this.#exactLeft = exactCharacters;
  }

  /**
   * Adds the body of one request, in OpenAI's format or a provider's own.
   *
   * @param bytes size of its line; needed only if `fileBytes` is given. Default: 0
   * @returns the request's tokens, as far as they are known now; not rounded
   */
  add(body: Readonly<Record<string, unknown>>, bytes = 0): number {
    this.#bytes += bytes;
    this.#request = 0;
    walkPrompt(body, this);
    return this.#request;
  }

  /** Whether everything so far was counted, not estimated. */
  get isExact(): boolean {
    return this.#exactLeft > 0;
  }

  /** The tokens of all requests added so far. */
  total(): number {
    return Math.round(this.#known + this.#texts.total() + this.#schemas.total());
  }

  text(text: string): void {
    if (text.length <= this.#exactLeft) {
      this.#exactLeft -= text.length;
      this.fixed(this.#count(text));
      return;
    }
    this.#exactLeft = 0;
    this.#request += this.#texts.add(text);
  }

  fixed(tokens: number): void {
    this.#known += tokens;
    this.#request += tokens;
  }

  /** Adds tools and response formats. Samples are whole schemas; there is no cheap guess of one. */
  schemas(schemas: readonly unknown[]): void {
    if (schemas.length === 0) return;
    const measure = (place: number) => ({
      size: 1,
      guess: 1,
      tokens: schemaTokens(schemas[Math.min(place, schemas.length - 1)], this.#count),
    });
    if (this.#exactLeft === 0 || schemas.length > MAX_EXACT_SCHEMAS) {
      this.#request += this.#schemas.add(schemas.length, schemas.length, measure);
      return;
    }
    for (const index of schemas.keys()) {
      const { tokens } = measure(index);
      this.fixed(tokens);
      this.#exactLeft = Math.max(0, this.#exactLeft - tokens * CHARACTERS_PER_TOKEN);
    }
  }

  #growth(): number {
    if (this.#fileBytes === undefined || this.#bytes === 0) return USUAL_GROWTH;
    return Math.max(1, this.#fileBytes / this.#bytes);
  }
}

/**
 * Characters of a window: so many that its edges, which can cut a token in scripts without spaces,
 * hardly matter.
 */
const WINDOW = 320;

/** Estimates the tokens of texts by counting small windows of each kind of text. */
export class TextSampler {
  readonly #strata: Readonly<Record<TextKind, Stratum>>;
  readonly #count: CountTokens;
  readonly #random: () => number;
  #size = 0;

  constructor(count: CountTokens, { random, expectedSize }: Sampling) {
    this.#count = count;
    this.#random = random;
    // A kind of text that is rare in the file needs few measurements.
    const sampling = { random, expectedSize: () => expectedSize(this.#size) };
    const strata = TEXT_KINDS.map((kind) => [kind, new Stratum(WINDOW, sampling, PRECISION)]);
    this.#strata = Object.fromEntries(strata);
  }

  add(text: string): number {
    const { kind, tokens } = guessText(text, this.#random);
    this.#size += text.length;
    return this.#strata[kind].add(text.length, tokens, (place) => {
      const window = windowAt(text, place);
      const guess = guessText(window).tokens;
      return { size: window.length, guess, tokens: this.#count(window) };
    });
  }

  total(): number {
    return TEXT_KINDS.reduce((sum, kind) => sum + this.#strata[kind].total(), 0);
  }
}

/** Windows are adjacent, so that all parts of a text are equally likely to be counted. */
function windowAt(text: string, place: number): string {
  const windows = Math.max(1, Math.round(text.length / WINDOW));
  const size = text.length / windows;
  const start = Math.floor(place / size) * size;
  return text.slice(cutAt(text, Math.floor(start)), cutAt(text, Math.floor(start + size)));
}

/**
 * Pseudo-random numbers from 0 to below 1; the same seed gives the same numbers
 * (mulberry32, public domain, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c).
 */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
