/**
 * Makes one call to a store in memory. The simulation delays calls, repeats them and loses their
 * replies; whatever it does, `effect` happens at one instant or not at all.
 *
 * @param what the call in words, for a trace
 */
export type MakeCall = <T>(what: string, effect: () => T) => Promise<T>;

export const callAtOnce: MakeCall = async (_what, effect) => effect();

/** Where an item is in its listing, by which the listing is sorted. No two items have the same. */
type Place = readonly (number | string)[];

export interface Listing<T> {
  /** Tells its cursors from those of other listings. */
  readonly name: string;
  readonly items: readonly T[];
  placeOf(item: T): Place;
}

/**
 * One page of a listing. The cursor is the place of the page's last item, as in DynamoDB: whatever is
 * written meanwhile, no item after it is missed. A cursor of another listing starts at the beginning.
 */
export function pageOf<T>(
  { name, items, placeOf }: Listing<T>,
  cursor: string | undefined,
  pageSize: number,
): { readonly items: readonly T[]; readonly cursor: string | undefined } {
  const after = placeIn(name, cursor);
  const rest = items
    .map((item) => ({ item, place: placeOf(item) }))
    .filter(({ place }) => after === undefined || compare(place, after) > 0)
    .sort((a, b) => compare(a.place, b.place));
  const page = rest.slice(0, pageSize);
  const last = rest.length > pageSize ? page.at(-1) : undefined;
  return {
    items: page.map(({ item }) => item),
    cursor: last && JSON.stringify([name, ...last.place]),
  };
}

function placeIn(name: string, cursor: string | undefined): Place | undefined {
  if (cursor === undefined || !cursor.startsWith(`[${JSON.stringify(name)},`)) return undefined;
  return JSON.parse(cursor).slice(1);
}

function compare(a: Place, b: Place): number {
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? '';
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}
