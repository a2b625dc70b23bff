/**
 * Makes one call to a store in memory. The simulation delays calls, repeats them and loses their
 * replies; whatever it does, `effect` happens at one instant or not at all.
 *
 * @param what the call in words, for a trace
 */
export type MakeCall = <T>(what: string, effect: () => T) => Promise<T>;

export const callAtOnce: MakeCall = async (_what, effect) => effect();

/** One page of a listing. The cursor is the index of its first item. */
export function pageOf<T>(
  items: readonly T[],
  cursor: string | undefined,
  pageSize: number,
): { readonly items: readonly T[]; readonly cursor: string | undefined } {
  const start = cursor === undefined ? 0 : Number(cursor);
  const end = start + pageSize;
  return { items: items.slice(start, end), cursor: end < items.length ? String(end) : undefined };
}
