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
