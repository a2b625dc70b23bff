/**
 * Gathers the rows of a batch into groups, so that one write can take many.
 *
 * @param items such as `batch.results()`
 * @param size of a group; the last one may be smaller
 */
export async function* groupsOf<T>(
  items: AsyncIterable<T>,
  size: number,
): AsyncGenerator<readonly T[]> {
  let group: T[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
