/** A page of a listing by cursor. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly hasMore: boolean;
}

/**
 * The `limit` items that follow the one with the id `after`, or the first ones.
 *
 * @returns undefined when no item has that id
 */
export function pageOf<Item extends { readonly id: string }>(
  items: readonly Item[],
  limit: number,
  after: string | null,
): Page<Item> | undefined {
  const cursor = after === null ? -1 : items.findIndex(({ id }) => id === after);
  if (after !== null && cursor < 0) return undefined;
  const rest = items.slice(cursor + 1);
  return { items: rest.slice(0, limit), hasMore: rest.length > limit };
}
