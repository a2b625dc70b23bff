import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { Journal } from '../engine/journal.ts';
import {
  type Call,
  isObject,
  pageOf,
  type Reply,
  type Route,
  readJson,
  route,
} from '../engine/router.ts';
import type { Dialect } from './dialect.ts';
import { ApiError, invalidValue, missingParameter } from './errors.ts';
import { type FileRecord, type Files, newFileId, receiveUpload, type Upload } from './files.ts';
import { type CreateRequest, type OpenAiBatches, unixSeconds } from './jobs.ts';

/** Checks the key of a call. Without a list of keys, any key that looks like OpenAI's is accepted. */
export function authorizer(apiKeys: readonly string[] | undefined) {
  return (request: IncomingMessage): void => {
    const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (key === undefined)
      throw new ApiError(401, "You didn't provide an API key in an Authorization header.");
    if (apiKeys ? apiKeys.includes(key) : key.startsWith('sk-')) return;
    const shown = `${key.slice(0, 3)}***`;
    throw new ApiError(401, `Incorrect API key provided: ${shown}.`, { code: 'invalid_api_key' });
  };
}

/** The calls under `/batches`. */
export function batchRoutes(batches: OpenAiBatches, dialect: Dialect): Route[] {
  return [
    route('POST', '/batches', async ({ request }) => {
      const body = await readJson(request, (problem) => new ApiError(400, `Invalid: ${problem}.`));
      const job = await batches.create(parseCreateRequest(body, dialect));
      return { status: 200, json: batches.view(job), lost: job.outcome === 'lost_reply' };
    }),
    route('GET', '/batches', ({ query }) => {
      const newestFirst = batches.jobs.all().toReversed();
      return listReply(newestFirst, query, {
        defaultLimit: 20,
        maxLimit: 100,
        show: (job) => batches.view(job),
      });
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

const WINDOWS = ['24h'];
/** The longest life of a file, and the default for output files. */
const MAX_LIFE_SECONDS = 2_592_000;

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
    outputSeconds: life ?? MAX_LIFE_SECONDS,
  };
}

/**
 * The life of a file in seconds, from `{ anchor, seconds }`. Undefined if nothing was sent.
 *
 * @throws ApiError 400
 */
function parseLife(policy: unknown, param: string, minSeconds: number): number | undefined {
  if (policy === undefined || policy === null) return undefined;
  const { anchor, seconds } = isObject(policy) ? policy : {};
  if (anchor !== 'created_at') throw invalidValue(`${param}.anchor`, anchor, ['created_at']);
  if (typeof seconds !== 'number' || !(seconds >= minSeconds && seconds <= MAX_LIFE_SECONDS))
    throw new ApiError(
      400,
      `Invalid '${param}.seconds': ${String(seconds)}. Expected a value from ${minSeconds} to ${MAX_LIFE_SECONDS}.`,
      { code: 'invalid_value', param: `${param}.seconds` },
    );
  return seconds;
}

const MAX_PAIRS = 16;
const MAX_KEY_LENGTH = 64;
const MAX_VALUE_LENGTH = 512;

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

const MAX_FILES_LISTED = 10_000;

/** The calls under `/files`. */
export function fileRoutes(files: Files, journal: Journal, dialect: Dialect): Route[] {
  return [
    route('POST', '/files', (call) => upload(call, files, journal, dialect)),
    route('GET', '/files', ({ query }) => {
      const purpose = query.get('purpose');
      const found = files.all().filter((file) => purpose === null || file.purpose === purpose);
      const ordered = query.get('order') === 'asc' ? found : found.toReversed();
      const limits = { defaultLimit: MAX_FILES_LISTED, maxLimit: MAX_FILES_LISTED };
      // A listing of files has its ids even when it is empty.
      const idsOfEmpty = { first_id: '', last_id: '' };
      return listReply(ordered, query, { ...limits, show: fileObject, idsOfEmpty });
    }),
    route('GET', '/files/:id', ({ parameters: { id = '' } }) => ({
      status: 200,
      json: fileObject(files.get(id)),
    })),
    route('GET', '/files/:id/content', ({ parameters: { id = '' } }) => {
      const { bytes } = files.get(id);
      const type = 'application/octet-stream';
      return { status: 200, file: { path: files.contentPath(id), bytes, type } };
    }),
    route('DELETE', '/files/:id', ({ parameters: { id = '' } }) => {
      files.delete(id);
      journal.append({ event: 'deleted', fileId: id });
      return { status: 200, json: { id, object: 'file', deleted: true } };
    }),
  ];
}

async function upload(
  { request }: Call,
  files: Files,
  journal: Journal,
  { minLifeSeconds }: Dialect,
): Promise<Reply> {
  const path = files.temporaryPath();
  const received = await receiveUpload(request, path);
  try {
    const { filename, bytes, lifeSeconds } = checkUpload(received, minLifeSeconds);
    const id = newFileId();
    const file = files.add({ id, bytes, filename, purpose: 'batch' }, path, lifeSeconds);
    journal.append({ event: 'uploaded', fileId: id, bytes });
    return { status: 200, json: fileObject(file) };
  } finally {
    // There is nothing to remove if the file was added.
    await rm(path, { force: true });
  }
}

/** @throws ApiError 400 */
function checkUpload({ fields, file }: Upload, minLifeSeconds: number) {
  const purpose = fields.get('purpose');
  if (!file) throw missingParameter('file');
  if (purpose === undefined) throw missingParameter('purpose');
  if (purpose !== 'batch') throw invalidValue('purpose', purpose, ['batch']);
  if (!file.filename.endsWith('.jsonl'))
    throw new ApiError(400, `Invalid file format for Batch API: '${file.filename}' is no .jsonl.`, {
      param: 'file',
    });
  const anchor = fields.get('expires_after[anchor]');
  const seconds = fields.get('expires_after[seconds]');
  const policy =
    anchor === undefined && seconds === undefined
      ? undefined
      : { anchor, seconds: Number(seconds) };
  return { ...file, lifeSeconds: parseLife(policy, 'expires_after', minLifeSeconds) };
}

/** A file as the API shows it. */
function fileObject({ id, purpose, filename, bytes, createdAt, expiresAt }: FileRecord) {
  return {
    object: 'file',
    id,
    purpose,
    filename,
    bytes,
    created_at: unixSeconds(createdAt),
    expires_at: unixSeconds(expiresAt),
    status: 'processed',
    status_details: undefined,
  };
}

interface Listing<Item> {
  readonly defaultLimit: number;
  readonly maxLimit: number;
  readonly show: (item: Item) => unknown;
  /** The `first_id` and `last_id` of an empty page. Default: none. */
  readonly idsOfEmpty?: object;
}

/**
 * A page of a listing, by the `limit` and `after` of the query.
 *
 * @throws ApiError 400
 */
function listReply<Item extends { readonly id: string }>(
  items: readonly Item[],
  query: URLSearchParams,
  { defaultLimit, maxLimit, show, idsOfEmpty = {} }: Listing<Item>,
): Reply {
  const refuse = (param: string, problem: string) =>
    new ApiError(400, `Invalid '${param}': ${problem}`, { code: 'invalid_value', param });
  const asked = query.get('limit');
  const limit = asked === null ? defaultLimit : Number(asked);
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
    throw refuse('limit', `${asked}. Expected a value from 1 to ${maxLimit}.`);
  const after = query.get('after');
  const page = pageOf(items, limit, after);
  if (!page) throw refuse('after', `nothing in the list has the id '${after}'.`);
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
