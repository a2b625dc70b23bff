import { pageOf, type Reply, type Route, route } from '../engine/router.ts';
import { isObject, readJson } from '../engine/server.ts';
import type { Dialect } from './dialect.ts';
import { ApiError, invalidValue, missingParameter } from './errors.ts';
import type { Batches } from './jobs.ts';

const USUAL_LIMIT = 20;
const MAX_LIMIT = 100;

/** The calls under `/batches`. */
export function batchRoutes(batches: Batches): Route[] {
  return [
    route('POST', '/batches', async ({ request }) => {
      const body = await readJson(request, (problem) => new ApiError(400, `Invalid: ${problem}.`));
      const record = await batches.create(parseCreateRequest(body, batches.parts.manner));
      return { status: 200, json: batches.view(record), lost: record.word === 'lost_reply' };
    }),
    route('GET', '/batches', ({ query }) => {
      const newestFirst = batches.records.all().toReversed();
      const show = batches.view.bind(batches);
      return listReply(newestFirst, query, { usual: USUAL_LIMIT, most: MAX_LIMIT, show });
    }),
    route('GET', '/batches/:id', ({ parameters: { id = '' } }) => ({
      status: 200,
      json: batches.view(batches.get(id)),
    })),
    route('POST', '/batches/:id/cancel', ({ parameters: { id = '' } }) => ({
      status: 200,
      json: batches.view(batches.cancel(id)),
    })),
  ];
}

/** A create call whose values are allowed. */
export interface CreateRequest {
  readonly inputFileId: string;
  readonly endpoint: string;
  readonly completionWindow: string;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly outputSeconds: number;
}

const WINDOWS = ['24h'];
const MAX_PAIRS = 16;
const MAX_KEY_LENGTH = 64;
const MAX_VALUE_LENGTH = 512;
/** The longest life of a file, and that of results when a call says nothing. */
const MAX_SECONDS = 2_592_000;

/** @throws ApiError 400 */
function parseCreateRequest(
  body: Record<string, unknown>,
  { jobEndpoints, minLifeSeconds }: Dialect,
): CreateRequest {
  const life = parseLife(body.output_expires_after, 'output_expires_after', minLifeSeconds);
  const required = (name: string, allowed?: readonly string[]): string => {
    const value = body[name];
    if (value === undefined) throw missingParameter(name);
    if (typeof value !== 'string' || (allowed && !allowed.includes(value)))
      throw invalidValue(name, value, allowed ?? ['a string']);
    return value;
  };
  return {
    inputFileId: required('input_file_id'),
    endpoint: required('endpoint', jobEndpoints),
    completionWindow: required('completion_window', WINDOWS),
    metadata: parseMetadata(body.metadata ?? null),
    outputSeconds: life ?? MAX_SECONDS,
  };
}

/**
 * The life of a file in seconds, from `{ anchor, seconds }`; undefined if nothing was sent.
 *
 * @throws ApiError 400
 */
export function parseLife(policy: unknown, param: string, minSeconds: number): number | undefined {
  if (policy === undefined || policy === null) return undefined;
  const { anchor, seconds } = isObject(policy) ? policy : {};
  if (anchor !== 'created_at') throw invalidValue(`${param}.anchor`, anchor, ['created_at']);
  if (typeof seconds !== 'number' || !(seconds >= minSeconds && seconds <= MAX_SECONDS))
    throw new ApiError(
      400,
      `Invalid '${param}.seconds': ${String(seconds)}. Expected a value from ${minSeconds} to ${MAX_SECONDS}.`,
      { code: 'invalid_value', param: `${param}.seconds` },
    );
  return seconds;
}

function parseMetadata(value: unknown): Record<string, string> | null {
  if (value === null) return null;
  const refuse = (problem: string) =>
    new ApiError(400, `Invalid 'metadata': ${problem}.`, {
      code: 'invalid_value',
      param: 'metadata',
    });
  if (!isObject(value)) throw refuse('expected an object');
  const pairs = Object.entries(value);
  if (pairs.length > MAX_PAIRS)
    throw refuse(`expected at most ${MAX_PAIRS} properties, got ${pairs.length}`);
  const metadata: Record<string, string> = {};
  for (const [key, text] of pairs) {
    if (key.length > MAX_KEY_LENGTH)
      throw refuse(`the key '${key}' is longer than ${MAX_KEY_LENGTH} characters`);
    if (typeof text !== 'string' || text.length > MAX_VALUE_LENGTH)
      throw refuse(`'${key}' is not a string of at most ${MAX_VALUE_LENGTH} characters`);
    metadata[key] = text;
  }
  return metadata;
}

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
