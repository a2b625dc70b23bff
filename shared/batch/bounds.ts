/**
 * Bounds of what messages and files may contain. What is beyond them is refused once, with its place:
 * a record that holds it could not be read back, or the check of it would fail again and again.
 */

/**
 * Levels of nested objects and arrays. Google's APIs read 100 levels
 * (https://protobuf.dev/programming-guides/proto-limits/), and OpenAI's schemas have at most 10
 * (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas). The functions that
 * read a request call themselves once a level; V8's stack is enough for thousands.
 */
export const MAX_NESTING = 256;

/** Characters. Bedrock's ARNs of models have up to 200, and Vertex AI's full names hardly more. */
export const MAX_MODEL_LENGTH = 512;

/** Tokens that one request may ask for in an answer. No model answers with a tenth of that. */
export const MAX_OUTPUT_TOKENS = 10_000_000;

/** Answers that one request may ask for with `n`. OpenAI gives at most 128. */
export const MAX_ANSWERS = 1_000;

/**
 * Values of one text, by its commas and opening brackets. Each takes up to 60 bytes of memory once it
 * is parsed, whatever its text. OpenAI embeds 300,000 tokens a request at most, each of which may be
 * a value:
 * https://platform.openai.com/docs/api-reference/embeddings/create
 */
export const MAX_VALUES = 2_000_000;

/** Whether a text has neither control characters nor lone surrogates, which no name has. */
export function isPlainText(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to find
  return text.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(text);
}

/** What makes a JSON value one that is not handled. Never quotes it. */
export interface ValueProblem {
  readonly code: 'nested_too_deeply' | 'number_out_of_range' | 'too_many_values';
  readonly message: string;
}

const NESTED_TOO_DEEPLY: ValueProblem = {
  code: 'nested_too_deeply',
  message: `nests deeper than ${MAX_NESTING} levels: make it flatter`,
};
const NUMBER_OUT_OF_RANGE: ValueProblem = {
  code: 'number_out_of_range',
  message: `has a number beyond ±${Number.MAX_VALUE}: write it as a text, or leave it out`,
};

const TOO_MANY_VALUES: ValueProblem = {
  code: 'too_many_values',
  message: `has more than ${MAX_VALUES} JSON values: make it smaller`,
};

const QUOTE = '"'.charCodeAt(0);
const OPENING = new Set([...',[{'].map((character) => character.charCodeAt(0)));

/** Checks a text before it is parsed as JSON; undefined if there is memory for what it holds. */
export function textProblem(text: string): ValueProblem | undefined {
  if (text.length <= MAX_VALUES) return undefined;
  let values = 1;
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (character === QUOTE) index = endOfString(text, index);
    else if (OPENING.has(character) && ++values > MAX_VALUES) return TOO_MANY_VALUES;
  }
  return undefined;
}

/** Index of the quote that ends the string which begins at `start`; the text's last if none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

/** Checks a value that was parsed from JSON; undefined if it may be handled. */
export function valueProblem(value: unknown, levels = MAX_NESTING): ValueProblem | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : NUMBER_OUT_OF_RANGE;
  if (typeof value !== 'object' || value === null) return undefined;
  if (levels === 0) return NESTED_TOO_DEEPLY;
  if (Array.isArray(value)) {
    for (const item of value) {
      const problem = valueProblem(item, levels - 1);
      if (problem) return problem;
    }
    return undefined;
  }
  for (const name in value) {
    const problem = valueProblem((value as Record<string, unknown>)[name], levels - 1);
    if (problem) return problem;
  }
  return undefined;
}

/**
 * The number as a record can hold it: sums of what providers and requests say are cut at the greatest
 * safe integer, and what is no number counts as 0.
 */
export function saturated(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.min(Math.max(value, 0), Number.MAX_SAFE_INTEGER);
}

/** Days that `notBefore` may be ahead of the message, or behind it. */
const MAX_NOT_BEFORE_DAYS = 30;
const MAX_NOT_BEFORE_MS = MAX_NOT_BEFORE_DAYS * 24 * 60 * 60 * 1000;

/**
 * Why `notBefore` is refused; undefined if it is not. It may be as far ago as a message can lie in
 * its queue and then in the dead-letter queue, 14 days in each.
 *
 * @param notBefore ISO 8601
 * @param now milliseconds since 1970
 */
export function notBeforeProblem(notBefore: string, now: number): string | undefined {
  const time = Date.parse(notBefore);
  if (time > now + MAX_NOT_BEFORE_MS)
    return `${notBefore} is more than ${MAX_NOT_BEFORE_DAYS} days ahead: send the message later`;
  if (time >= now - MAX_NOT_BEFORE_MS) return undefined;
  return `${notBefore} is more than ${MAX_NOT_BEFORE_DAYS} days ago: correct it, or leave it out`;
}
