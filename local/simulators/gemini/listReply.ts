import { pageOf } from '../page.ts';
import type { Reply } from '../router.ts';
import { invalid } from './errors.ts';

// https://ai.google.dev/api/files#method:-files.list
const USUAL_SIZE = 10;
const MAX_SIZE = 100;

/**
 * A page of a listing, as `pageSize` and `pageToken` of the query ask for it. What is empty is left
 * out, as in all of Google's JSON.
 *
 * @throws ApiError INVALID_ARGUMENT
 */
export function listReply<Item extends { readonly id: string }>(
  name: string,
  items: readonly Item[],
  query: URLSearchParams,
  show: (item: Item) => unknown,
): Reply {
  const size = Number(query.get('pageSize') ?? USUAL_SIZE);
  if (!Number.isInteger(size) || size < 0) throw invalid(`pageSize is ${query.get('pageSize')}`);
  const page = pageOf(items, Math.min(size, MAX_SIZE), query.get('pageToken'));
  if (!page) throw invalid('pageToken: the page token is not valid');
  return {
    status: 200,
    json: {
      ...(page.items.length > 0 ? { [name]: page.items.map(show) } : {}),
      ...(page.hasMore ? { nextPageToken: page.items.at(-1)?.id } : {}),
    },
  };
}
