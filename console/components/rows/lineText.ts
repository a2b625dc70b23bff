/** The value of a line of JSON. Undefined if it is none. */
export function parsedLine(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A text, cut where it begins and ends to differ from another one. */
export interface Difference {
  readonly head: string;
  /** Empty if nothing differs, or only something of the other text is missing. */
  readonly changed: string;
  readonly tail: string;
}

const WORD = /\s+|[^\s]+/g;

/** What of a text differs from another one: the words between those that both begin and end with. */
export function differing(text: string, before: string): Difference {
  const words = text.match(WORD) ?? [];
  const others = before.match(WORD) ?? [];
  const most = Math.min(words.length, others.length);
  let head = 0;
  while (head < most && words[head] === others[head]) head += 1;
  let tail = 0;
  while (tail < most - head && words.at(-1 - tail) === others.at(-1 - tail)) tail += 1;
  const end = words.length - tail;
  return {
    head: words.slice(0, head).join(''),
    changed: words.slice(head, end).join(''),
    tail: words.slice(end).join(''),
  };
}
