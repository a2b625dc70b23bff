import { pageOf, type Reply } from '../engine/router.ts';
import type { Dialect } from './dialect.ts';
import { ApiError } from './errors.ts';

interface Listing<Item> {
  readonly of: 'batches' | 'files';
  readonly dialect: Pick<Dialect, 'cursor' | 'showList'>;
  readonly defaultLimit: number;
  readonly maxLimit: number;
  readonly show: (item: Item) => unknown;
  /** The `first_id` and `last_id` of an empty page. Default: none. */
  readonly idsOfEmpty?: object;
}

/**
 * A page of a listing, by the `limit` and the cursor of the query.
 *
 * @throws ApiError 400
 */
export function listReply<Item extends { readonly id: string }>(
  items: readonly Item[],
  query: URLSearchParams,
  { of, dialect, defaultLimit, maxLimit, show, idsOfEmpty = {} }: Listing<Item>,
): Reply {
  const refuse = (param: string, problem: string) =>
    new ApiError(400, `Invalid '${param}': ${problem}`, { code: 'invalid_value', param });
  const asked = query.get('limit');
  const limit = asked === null ? defaultLimit : Number(asked);
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
    throw refuse('limit', `${asked}. Expected a value from 1 to ${maxLimit}.`);
  const after = query.get(dialect.cursor);
  const page = pageOf(items, limit, after);
  if (!page) throw refuse(dialect.cursor, `nothing in the list has the id '${after}'.`);
  const ids = { first_id: page.items.at(0)?.id, last_id: page.items.at(-1)?.id };
  const list = {
    object: 'list',
    data: page.items.map(show),
    ...(page.items.length > 0 ? ids : idsOfEmpty),
    has_more: page.hasMore,
  };
  return { status: 200, json: dialect.showList(list, of, query) };
}
