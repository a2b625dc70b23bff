/**
 * Counts of what went wrong, by kind. They are bounded, whatever providers and inputs say, because a
 * record holds them.
 */

/** Kinds that a record keeps: the most frequent ones. The others are only counted. */
export const MAX_GROUPS = 10;

/** Kinds that are counted at the same time. Beyond, the rarest half is given up. */
const MAX_KINDS = 1_000;

/**
 * Counts by kind in constant memory. A kind that is frequent is found among any number of rare ones,
 * wherever it begins, with at most the few missing that were counted before it was given up.
 */
export class Tally<T extends { count: number }> {
  #kinds = new Map<string, T>();

  /** @param make makes the entry of a new kind, with the count 0 */
  entry(kind: string, make: () => T): T {
    const known = this.#kinds.get(kind);
    if (known) return known;
    if (this.#kinds.size >= MAX_KINDS)
      this.#kinds = new Map(this.#sorted().slice(0, MAX_KINDS / 2));
    const made = make();
    this.#kinds.set(kind, made);
    return made;
  }

  /** The most frequent kinds. */
  top(): T[] {
    return this.#sorted()
      .slice(0, MAX_GROUPS)
      .map(([, entry]) => entry);
  }

  #sorted(): [string, T][] {
    return [...this.#kinds].sort(([, a], [, b]) => b.count - a.count);
  }
}

/** What several kinds count together. */
export function sumOf(groups: readonly { readonly count: number }[]): number {
  return groups.reduce((sum, group) => sum + group.count, 0);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to replace
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/g;
const ELLIPSIS = '…';
const ELLIPSIS_BYTES = 3;

/** A text of at most so many bytes in JSON, without control characters and lone surrogates. */
export function clipToBytes(text: string, maxBytes: number): string {
  // No character takes less than one byte.
  const start = text
    .slice(0, maxBytes + 1)
    .toWellFormed()
    .replaceAll(CONTROL_CHARACTERS, '\ufffd');
  let bytes = 0;
  let cutAt = 0;
  let length = 0;
  for (const character of start) {
    bytes += jsonBytes(character);
    if (bytes > maxBytes) return start.slice(0, cutAt) + ELLIPSIS;
    length += character.length;
    if (bytes <= maxBytes - ELLIPSIS_BYTES) cutAt = length;
  }
  return start;
}

function jsonBytes(character: string): number {
  if (character === '"' || character === '\\') return 2;
  const code = Number(character.codePointAt(0));
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}
