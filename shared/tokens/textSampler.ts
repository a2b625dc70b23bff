import { type Chance, Stratum } from './stratum.ts';
import { guessText, TEXT_KINDS, type TextKind } from './textGuess.ts';
import { type CountTokens, cutAt } from './tokenizer.ts';

/** In characters: enough that its edges, in scripts without spaces, hardly count. */
const WINDOW = 320;

/** Estimates the tokens of texts by counting those of small windows, for each kind of text. */
export class TextSampler {
  readonly #strata: Readonly<Record<TextKind, Stratum>>;
  readonly #count: CountTokens;
  #size = 0;

  constructor(count: CountTokens, { random, expectedSize }: Chance) {
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
