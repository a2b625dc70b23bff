/** Counts the tokens of one text. */
export type CountTokens = (text: string) => number;

/**
 * Text is counted in pieces of at most this many characters: a tokenizer takes time in the square
 * of the longest run without a space, and a megabyte of one letter would hold it for minutes.
 */
const MAX_PIECE = 2048;

let loading: Promise<CountTokens> | undefined;

/**
 * The tokenizer of OpenAI's models since GPT-4o, o200k_base. Loaded when first asked for: it has
 * 2.7 MB and takes a tenth of a second. Other providers' tokenizers are not public; theirs give
 * about as many tokens.
 */
export function loadTokenizer(): Promise<CountTokens> {
  loading ??= load();
  return loading;
}

async function load(): Promise<CountTokens> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
  // What looks like a special token is text in a prompt; by default it throws, quoting the text.
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

/** How far behind a place a better place to cut is looked for. */
const MAX_SHIFT = 64;

/** The end of a word or number, where a token always ends, or a single space, where one begins. */
const TOKEN_BORDER = /(?<=[\p{L}\p{N}])[^\p{L}\p{N}\p{M}'’]|(?<=\S) (?=\S)/u;

/**
 * A place at or after `index` where text can be cut without changing its tokens. Where none is
 * near, `index` itself, which costs at most a token or two.
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
