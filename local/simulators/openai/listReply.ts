import { pageOf } from '../page.ts';
import type { Reply } from '../router.ts';
import { ApiError } from './errors.ts';

interface Listing<Item> {
  /** Items on a page when the call says nothing. */
  readonly usual: number;
  readonly most: number;
  readonly show: (item: Item) => unknown;
}

/**
 * A page of a listing, as `limit` and `after` of the query ask for it.
 *
 * @param idsOfEmpty the `first_id` and `last_id` of an empty page
 * @throws ApiError 400
 */
export function listReply<Item extends { readonly id: string }>(
  items: readonly Item[],
  query: URLSearchParams,
  { usual, most, show }: Listing<Item>,
  idsOfEmpty: { first_id?: string; last_id?: string } = {},
): Reply {
  const asked = query.get('limit');
  const limit = asked === null ? usual : Number(asked);
  if (!Number.isInteger(limit) || limit < 1 || limit > most)
    throw new ApiError(400, `Invalid 'limit': ${asked}. Expected a value from 1 to ${most}.`, {
      code: 'invalid_value',
      param: 'limit',
    });
  const after = query.get('after');
  const page = pageOf(items, limit, after);
  if (!page)
    throw new ApiError(400, `Invalid 'after': nothing in the list has the id '${after}'.`, {
      code: 'invalid_value',
      param: 'after',
    });
  const ids = { first_id: page.items.at(0)?.id, last_id: page.items.at(-1)?.id };
  return {
    status: 200,
    json: {
      object: 'list',
      data: page.items.map(show),
      ...(page.items.length > 0 ? ids : idsOfEmpty),
      has_more: page.hasMore,
    },
  };
}
