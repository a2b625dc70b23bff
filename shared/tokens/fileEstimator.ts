import { type EstimatorOptions, seededRandom, TokenEstimator, USUAL_GROWTH } from './estimator.ts';
import { Stratum } from './stratum.ts';
import { type CountTokens, loadTokenizer } from './text.ts';

type Body = Readonly<Record<string, unknown>>;

/** What is known of a request that was not parsed. */
export interface LineSize {
  readonly bytes: number;
  /** How many of them are not ASCII. */
  readonly notAscii: number;
}

/** Any constant: the same file must always have the same estimate. */
const DRAWING_SEED = 0x2d6a;

/** Of English. Only its ratio to what is measured matters. */
const TOKENS_PER_BYTE = 0.22;

/** A request costs little to parse, and more than its texts, whose windows are counted, differ. */
const PRECISION = { targetError: 0.006, minMeasurements: 200, maxMeasurements: 4_000 };

/** Lines of up to twice the size are one kind, and of a like share of bytes beyond ASCII. */
const SHARES = [1 / 32, 1 / 3];

/**
 * Estimates the prompt tokens of the requests of one file, without the bodies of most of them. Requests
 * are drawn at random, by their size and among those of like size and script; the bodies of these are
 * read, and the others are taken to have as many tokens a byte. For a file too large to count, the
 * estimate is within 5 % of the count of OpenAI's tokenizer.
 */
export class FileEstimator {
  readonly #read: TokenEstimator;
  readonly #drawn: TokenEstimator;
  readonly #strata = new Map<number, Stratum>();
  readonly #random = seededRandom(DRAWING_SEED);
  readonly #fileBytes: number | undefined;
  #bytes = 0;

  constructor(count: CountTokens, options: EstimatorOptions = {}) {
    this.#read = new TokenEstimator(count, options);
    this.#drawn = new TokenEstimator(count, { exactCharacters: 0 });
    this.#fileBytes = options.fileBytes;
  }

  /**
   * Adds the body of a request.
   *
   * @param bytes size of its line. Default: 0
   * @returns its tokens, as far as they are known now; not rounded
   */
  add(body: Body, bytes = 0): number {
    this.#bytes += bytes;
    return this.#read.add(body, bytes);
  }

  /**
   * Adds a request without its body.
   *
   * @param body is called if the request is drawn, or the file is small enough to be counted
   * @returns its tokens, as far as they are known now; not rounded
   */
  addLine({ bytes, notAscii }: LineSize, body: () => Body): number {
    if (this.#read.isExact) return this.add(body(), bytes);
    this.#bytes += bytes;
    const guess = bytes * TOKENS_PER_BYTE;
    let tokens: number | undefined;
    return this.#stratumOf(bytes, notAscii).add(bytes, guess, () => {
      // A long request may be drawn more than once.
      tokens ??= this.#drawn.add(body());
      return { size: bytes, guess, tokens };
    });
  }

  /** The tokens of all requests added so far. */
  total(): number {
    let tokens = this.#read.total();
    for (const stratum of this.#strata.values()) tokens += stratum.total();
    return Math.round(tokens);
  }

  #stratumOf(bytes: number, notAscii: number): Stratum {
    const share = SHARES.filter((least) => notAscii > bytes * least).length;
    const kind = (31 - Math.clz32(bytes)) * (SHARES.length + 1) + share;
    let stratum = this.#strata.get(kind);
    if (!stratum) {
      const expectedSize = (size: number) => size * this.#growth();
      const smallestGap = 2 ** (31 - Math.clz32(bytes));
      stratum = new Stratum(smallestGap, { random: this.#random, expectedSize }, PRECISION);
      this.#strata.set(kind, stratum);
    }
    return stratum;
  }

  #growth(): number {
    if (this.#fileBytes === undefined || this.#bytes === 0) return USUAL_GROWTH;
    return Math.max(1, this.#fileBytes / this.#bytes);
  }
}

/** Creates an estimator for one file. Loads the tokenizer once per process. */
export async function createTokenEstimator(options?: EstimatorOptions): Promise<FileEstimator> {
  return new FileEstimator(await loadTokenizer(), options);
}
