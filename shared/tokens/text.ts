/** Kinds of text. A tokenizer treats texts of one kind alike. */
export const TEXT_KINDS = [
  'prose',
  'code',
  'packed',
  'accented',
  'syllabic',
  'ideographic',
] as const;
export type TextKind = (typeof TEXT_KINDS)[number];

export interface TextGuess {
  readonly kind: TextKind;
  readonly tokens: number;
}

/** How many characters of a text are sampled: reading all of them would cost as much as parsing. */
const PROBES = 16;

/**
 * Approximate tokens per character, in o200k_base. Only their ratios within one text matter, because
 * the error of a file's guesses is measured.
 */
const TOKENS = {
  letter: 0.21,
  space: 0.2,
  symbol: 0.45,
  accented: 0.3,
  syllabic: 0.25,
  ideographic: 0.7,
};

/**
 * Guesses the tokens and the kind of a text from a few of its characters. A text of several kinds
 * has the kind of its rarer characters, which have more tokens.
 *
 * @param random from 0 to below 1: draws one character of each of 16 stretches of the text. Places at equal
 *   distances would all hit the same column of a table. Default: every character is read
 */
export function guessText(text: string, random?: () => number): TextGuess {
  const { length } = text;
  // A whole number: a fraction makes each step several times slower.
  const step = random ? Math.max(1, (length / PROBES) | 0) : 1;
  let probes = 0;
  let spaces = 0;
  let symbols = 0;
  let accented = 0;
  let syllabic = 0;
  let ideographic = 0;
  for (let start = 0; start < length; start += step) {
    const place = random && step > 1 ? start + ((random() * step) | 0) : start;
    // The last stretch may be shorter than the others.
    if (place >= length) break;
    const unit = text.charCodeAt(place);
    probes += 1;
    if (unit < 0x80) {
      if (unit <= 0x20) spaces += 1;
      else if (!isLetter(unit)) symbols += 1;
    } else if (unit < 0x900) accented += 1;
    else if (unit < 0x1e00) syllabic += 1;
    else if (unit < 0x2e80) symbols += 1;
    else ideographic += 1;
  }
  const letters = probes - spaces - symbols - accented - syllabic - ideographic;
  const tokens =
    letters * TOKENS.letter +
    spaces * TOKENS.space +
    symbols * TOKENS.symbol +
    accented * TOKENS.accented +
    syllabic * TOKENS.syllabic +
    ideographic * TOKENS.ideographic;
  const share = probes / 8;
  let kind: TextKind = symbols > share ? 'code' : 'prose';
  if (ideographic > share) kind = 'ideographic';
  else if (syllabic > share) kind = 'syllabic';
  else if (accented > share) kind = 'accented';
  else if (spaces === 0 && probes >= PROBES && isPacked(text)) kind = 'packed';
  return { kind, tokens: (tokens * length) / Math.max(1, probes) };
}

/** Longer than words: such a run is base64, hashes or numbers. */
const LONG_WORD = 64;

function isPacked(text: string): boolean {
  const middle = text.length >> 1;
  const space = text.indexOf(' ', middle);
  return space < 0 || space > middle + LONG_WORD;
}

/** A to Z and a to z. */
function isLetter(unit: number): boolean {
  const lower = unit | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** Counts the tokens of a text. */
export type CountTokens = (text: string) => number;

/**
 * Text is counted in pieces of at most this many characters: a tokenizer's time grows with the square
 * of the longest run without a space, and a megabyte of one letter would take minutes.
 */
const MAX_PIECE = 2048;

let loading: Promise<CountTokens> | undefined;

/**
 * Loads the tokenizer of OpenAI's models since GPT-4o, o200k_base, on first use: it has 2.7 MB and
 * takes a tenth of a second. Other providers' tokenizers are not public, and give about as many
 * tokens.
 */
export function loadTokenizer(): Promise<CountTokens> {
  loading ??= loadCounter();
  return loading;
}

async function loadCounter(): Promise<CountTokens> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
  // Special tokens are plain text in a prompt. By default the tokenizer throws, and quotes the text.
  const options = { disallowedSpecial: new Set<string>() };
  return (text) => {
    let tokens = 0;
    for (let start = 0; start < text.length; ) {
      const end = cutAt(text, start + MAX_PIECE);
      tokens += countTokens(text.slice(start, end), options);
      start = end;
    }
    return tokens;
  };
}

/** How far after a place a better place to cut is searched. */
const MAX_SHIFT = 64;

/** The end of a word or number, where a token always ends; or a single space, where one begins. */
const TOKEN_BORDER = /(?<=[\p{L}\p{N}])[^\p{L}\p{N}\p{M}'’]|(?<=\S) (?=\S)/u;

/**
 * A place at or after `index` where text can be cut without changing its tokens. If there is none
 * near, `index` itself, which adds at most a token or two.
 */
export function cutAt(text: string, index: number): number {
  if (index <= 0) return 0;
  if (index >= text.length) return text.length;
  const before = isLowSurrogate(text.charCodeAt(index)) ? index + 1 : index;
  const near = text.slice(before - 1, before + MAX_SHIFT).search(TOKEN_BORDER);
  return near > 0 ? before - 1 + near : before;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
