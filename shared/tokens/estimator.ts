import { walkPrompt } from './prompt.ts';
import { seededRandom } from './random.ts';
import { Stratum } from './stratum.ts';
import { TextSampler } from './textSampler.ts';
import { type CountTokens, loadTokenizer } from './tokenizer.ts';
import { schemaTokens } from './tools.ts';

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
