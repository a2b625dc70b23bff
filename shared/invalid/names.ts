const MAX_NAMES = 30;
/** Longer names are compared with nothing. */
const MAX_NAME_LENGTH = 40;

/** Names in a list that does not end. */
export function names(values: readonly unknown[]): string {
  const shown = values.slice(0, MAX_NAMES).map(String);
  return [...shown, ...(values.length > MAX_NAMES ? ['…'] : [])].join(', ');
}

/** `a`, `a or b`, `a, b or c`. */
export function listOf(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

/** `: did you mean openai?`, if one of the names differs from what was given by a slip or two. */
export function didYouMean(given: unknown, known: readonly unknown[]): string {
  if (typeof given !== 'string' || given.length > MAX_NAME_LENGTH) return '';
  const near = known
    .map((name) => ({ name: String(name), slips: slipsBetween(given, String(name)) }))
    .filter(({ name, slips }) => slips <= Math.min(2, Math.floor(name.length / 4)))
    .toSorted((a, b) => a.slips - b.slips)[0];
  return near ? `: did you mean ${near.name}?` : '';
}

/** Letters to change, add or leave out until one name is the other, whatever their case. */
function slipsBetween(one: string, other: string): number {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
