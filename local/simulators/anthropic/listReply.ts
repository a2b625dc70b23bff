import { pageOf } from '../page.ts';
import type { Reply } from '../router.ts';
import { ApiError } from './errors.ts';

// https://platform.claude.com/docs/en/api/messages/batches/list
const USUAL_LIMIT = 20;
const MAX_LIMIT = 1_000;

/**
 * A page of a listing, as `limit` and `after_id` or `before_id` of the query ask for it.
 *
 * @param items newest first
 * @throws ApiError 400
 */
export function listReply<Item extends { readonly id: string }>(
  items: readonly Item[],
  query: URLSearchParams,
  show: (item: Item) => unknown,
): Reply {
  const asked = query.get('limit');
  const limit = asked === null ? USUAL_LIMIT : Number(asked);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw new ApiError(400, `limit: Input should be from 1 to ${MAX_LIMIT}`);
  const before = query.get('before_id');
  const page = pageOf(
    before === null ? items : items.toReversed(),
    limit,
    before ?? query.get('after_id'),
  );
  if (!page) throw new ApiError(400, 'after_id or before_id: no such batch');
  const shown = before === null ? page.items : page.items.toReversed();
  return {
    status: 200,
    json: {
      data: shown.map(show),
      has_more: page.hasMore,
      first_id: shown.at(0)?.id ?? null,
      last_id: shown.at(-1)?.id ?? null,
    },
  };
}
