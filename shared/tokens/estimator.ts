import { schemaTokens, walkPrompt } from './prompt.ts';
import { type SampleRandom, Stratum } from './stratum.ts';
import {
  type CountTokens,
  cutAt,
  guessText,
  loadTokenizer,
  TEXT_KINDS,
  type TextKind,
} from './text.ts';

/** In characters: a file with less text than this is counted, not estimated. */
const EXACT_CHARACTERS = 32 * 1024;

/** Of a file of unknown size: twice what was seen, which keeps the estimate good at any place. */
const USUAL_GROWTH = 2;

/** Only that it is always the same one. */
const SEED = 0x7ab1e;

export interface EstimatorOptions {
  /** Of the whole input; makes the estimate cheaper. Default: unknown. */
  readonly fileBytes?: number | undefined;
  /** Up to which text is counted in full. Default: 32,768 */
  readonly exactCharacters?: number;
}

/**
 * Estimates the prompt tokens of the requests of one file, at a small part of the cost of counting
 * them: within 5 % of what OpenAI's tokenizer counts, for files too large to be counted. The same
 * requests in the same order have the same estimate.
 */
export class TokenEstimator {
  readonly #count: CountTokens;
  readonly #texts: TextSampler;
  readonly #schemas: Stratum;
  readonly #fileBytes: number | undefined;
  #bytes = 0;
  #exactLeft: number;
  /** What is known without sampling: small files, images, what surrounds each message. */
  #known = 0;
  #request = 0;

  constructor(
    count: CountTokens,
    { fileBytes, exactCharacters = EXACT_CHARACTERS }: EstimatorOptions = {},
  ) {
    const chance = {
      random: seededRandom(SEED),
      expectedSize: (size: number) => size * this.#growth(),
    };
    this.#count = count;
    this.#texts = new TextSampler(count, chance);
    this.#schemas = new Stratum(1, chance);
    this.#fileBytes = fileBytes;
    this.#exactLeft = exactCharacters;
  }

  /**
   * Takes in the body of one request, in OpenAI's form or a provider's own.
   *
   * @param bytes of its line; needed only where `fileBytes` is given. Default: 0
   * @returns its tokens, by what is known by now: to be summed up over the parts of a file
   */
  add(body: Readonly<Record<string, unknown>>, bytes = 0): number {
    this.#bytes += bytes;
    this.#request = 0;
    walkPrompt(body, this);
    return this.#request;
  }

  /** The tokens of all requests, by all that is known by now. */
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

  /** Tools and response formats: whole ones are measured, and none is looked into otherwise. */
  schemas(schemas: readonly unknown[]): void {
    if (schemas.length === 0) return;
    const measure = (place: number) => ({
      size: 1,
      guess: 1,
      tokens: schemaTokens(schemas[Math.min(place, schemas.length - 1)], this.#count),
    });
    if (this.#exactLeft === 0) {
      this.#request += this.#schemas.add(schemas.length, schemas.length, measure);
      return;
    }
    for (const index of schemas.keys()) this.fixed(measure(index).tokens);
  }

  #growth(): number {
    if (this.#fileBytes === undefined || this.#bytes === 0) return USUAL_GROWTH;
    return Math.max(1, this.#fileBytes / this.#bytes);
  }
}

/** An estimator for one file. Loads the tokenizer, once in a process. */
export async function createTokenEstimator(options?: EstimatorOptions): Promise<TokenEstimator> {
  return new TokenEstimator(await loadTokenizer(), options);
}

/** In characters: enough that its edges, in scripts without spaces, hardly count. */
const WINDOW = 320;

/** Estimates the tokens of texts by counting those of small windows, for each kind of text. */
export class TextSampler {
  readonly #strata: Readonly<Record<TextKind, Stratum>>;
  readonly #count: CountTokens;
  #size = 0;

  constructor(count: CountTokens, { random, expectedSize }: SampleRandom) {
    this.#count = count;
    // A kind that is rare in the file needs few measurements.
    const chance = { random, expectedSize: () => expectedSize(this.#size) };
    const strata = TEXT_KINDS.map((kind) => [kind, new Stratum(WINDOW, chance)]);
    this.#strata = Object.fromEntries(strata);
  }

  add(text: string): number {
    const { kind, tokens } = guessText(text);
    this.#size += text.length;
    return this.#strata[kind].add(text.length, tokens, (place) => {
      const window = windowAt(text, place);
      const guess = guessText(window, window.length).tokens;
      return { size: window.length, guess, tokens: this.#count(window) };
    });
  }

  total(): number {
    return TEXT_KINDS.reduce((sum, kind) => sum + this.#strata[kind].total(), 0);
  }
}

/** Windows lie side by side, so that each part of a text is as likely to be counted. */
function windowAt(text: string, place: number): string {
  const windows = Math.max(1, Math.round(text.length / WINDOW));
  const size = text.length / windows;
  const start = Math.floor(place / size) * size;
  return text.slice(cutAt(text, Math.floor(start)), cutAt(text, Math.floor(start + size)));
}

/**
 * Numbers from 0 to below 1 that only look random: the same seed gives the same ones
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
