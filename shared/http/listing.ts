import { ApiError } from './apiError.ts';
import type { HttpContext } from './routes.ts';

/** What a client asks of a list. */
export interface ListQuery {
  readonly limit: number;
  /** The id right after which the page begins. Absent: at the beginning. */
  readonly after: string | undefined;
  readonly isNewestFirst: boolean;
}

/**
 * @param maxLimit and `defaultLimit` of the list, as OpenAI documents them
 * @throws ApiError 400
 */
export function readListQuery(
  context: HttpContext,
  { maxLimit, defaultLimit }: { readonly maxLimit: number; readonly defaultLimit: number },
): ListQuery {
  const { limit: asked, after, order = 'desc' } = context.req.query();
  const limit = asked ? Number(asked) : defaultLimit;
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
    throw invalid('limit', `${shown(asked)} is not a number from 1 to ${maxLimit}`);
  if (order !== 'asc' && order !== 'desc')
    throw invalid('order', `${shown(order)} is neither "asc" nor "desc"`);
  return { limit, after: after || undefined, isNewestFirst: order === 'desc' };
}

/** @throws always: nothing in the list has the id that the page should begin after */
export function unknownPlace(after: string): ApiError {
  return invalid('after', `there is nothing with the id ${shown(after)} in this list`);
}

/** Records that are read at once: what the table takes in one request. */
export const MAX_WANTED = 100;

/**
 * Queries for one page of the API. Only where most entries are not shown, as in a handler whose batches
 * mostly belong to others, it takes more than a few.
 */
const MAX_QUERIES = 50;

/**
 * Collects one page, and looks whether anything follows: only what is shown counts, because an index also
 * names what has expired, was deleted or belongs to others.
 *
 * @param limit of the page
 * @param first where it begins
 * @param query reads what follows a place: about `wanted` entries, of which it leaves out those that are
 *   not shown. Without `next`, nothing follows
 * @throws ApiError 503 if what comes next is further away than is looked for it
 */
export async function collectPage<T, P>(
  { limit, first }: { readonly limit: number; readonly first: P },
  query: (
    place: P,
    wanted: number,
  ) => Promise<{ readonly found: readonly T[]; readonly next?: P | undefined }>,
): Promise<{ readonly data: readonly T[]; readonly hasMore: boolean }> {
  const data: T[] = [];
  let place = first;
  for (let queries = 0; queries < MAX_QUERIES; queries++) {
    const { found, next } = await query(
      place,
      queries === 0 ? Math.min(MAX_WANTED, limit + 1) : MAX_WANTED,
    );
    data.push(...found);
    const hasMore = data.length > limit;
    if (hasMore || next === undefined) return { data: data.slice(0, limit), hasMore };
    place = next;
  }
  if (data.length > 0) return { data, hasMore: true };
  const message = 'What comes next in this list is too far behind what is not shown to be found';
  throw new ApiError(503, message, { code: 'list_too_long' });
}

export function listObject<T extends { readonly id: string }>(
  data: readonly T[],
  hasMore: boolean,
) {
  // OpenAI's description requires the ids of a list of files, even of an empty one.
  const ids = { first_id: data.at(0)?.id ?? '', last_id: data.at(-1)?.id ?? '' };
  return { object: 'list', data, ...ids, has_more: hasMore };
}

function invalid(param: string, problem: string): ApiError {
  return new ApiError(400, `Invalid '${param}': ${problem}`, { code: 'invalid_value', param });
}

function shown(text = ''): string {
  return JSON.stringify(text.slice(0, 100));
}
