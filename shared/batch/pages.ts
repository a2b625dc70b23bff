import type { IndexPage } from './ports.ts';

/** All pages of a listing, one after the other. */
export async function* pages<T>(
  list: (cursor: string | undefined) => Promise<IndexPage<T>>,
): AsyncIterable<readonly T[]> {
  let cursor: string | undefined;
  do {
    const page = await list(cursor);
    yield page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
