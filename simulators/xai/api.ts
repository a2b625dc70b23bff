import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { Journal } from '../engine/journal.ts';
import { type Route, readJson, route } from '../engine/router.ts';
import { type FileRecord, type Files, receiveUpload } from '../openai/files.ts';
import { unixSeconds } from '../openai/jobs.ts';
import { ApiError, invalid, missing } from './errors.ts';
import type { XaiBatches } from './jobs.ts';

/** A wrong key is refused with 400, and none with 401. */
export function authorizer(apiKeys: readonly string[] | undefined) {
  return ({ headers }: IncomingMessage): void => {
    const key = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
    if (key === undefined)
      throw new ApiError(401, 'unauthenticated', 'No authorization header or it is malformed.');
    if (apiKeys ? apiKeys.includes(key) : key.startsWith('xai-')) return;
    throw invalid(`Incorrect API key provided: ${key.slice(0, 2)}***.`);
  };
}

/** Defaults to 100: proto/xai/api/v1/batch.proto of xai-org/xai-proto. */
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/** A page of a listing. Its token is the number of items before the next page. */
function pageOf<Item>(items: readonly Item[], query: URLSearchParams) {
  const limit = Number(query.get('limit') ?? DEFAULT_LIMIT);
  const token = query.get('pagination_token') ?? '';
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw invalid(`limit is ${limit}: it must be from 1 to ${MAX_LIMIT}`);
  if (!/^(page_\d+)?$/.test(token)) throw invalid('the pagination token is invalid');
  const start = Number(token.replace('page_', '') || 0);
  const end = start + limit;
  return {
    items: items.slice(start, end),
    token: end < items.length ? `page_${end}` : null,
  };
}

/** The calls under `/batches`. */
export function batchRoutes(batches: XaiBatches): Route[] {
  return [
    route('POST', '/batches', async ({ request }) => {
      const { name, input_file_id: fileId, ...rest } = await readJson(request, invalid);
      const [extra] = Object.keys(rest);
      if (extra !== undefined) throw invalid(`unknown field \`${extra}\``);
      if (typeof name !== 'string' || name === '') throw invalid('missing field `name`');
      // Without a file, requests are added to the batch by other calls, which are not simulated.
      if (typeof fileId !== 'string') throw invalid('missing field `input_file_id`');
      const job = await batches.create(name, fileId);
      return { status: 200, json: batches.view(job), lost: job.outcome === 'lost_reply' };
    }),
    // That the list is in this order is not documented.
    route('GET', '/batches', ({ query }) => {
      const { items, token } = pageOf(batches.jobs.all(), query);
      const shown = items.map((job) => batches.view(job));
      return { status: 200, json: { batches: shown, pagination_token: token } };
    }),
    route('GET', '/batches/:id/results', async ({ parameters: { id = '' }, query }) => {
      const { items, token } = pageOf(await batches.results(id), query);
      const results = items.map((line) => JSON.parse(line));
      return { status: 200, json: { results, pagination_token: token } };
    }),
    route('GET', '/batches/:id', ({ parameters: { id = '' } }) => ({
      status: 200,
      json: batches.view(batches.get(id)),
    })),
    // `:cancel` follows the id.
    route('POST', '/batches/:call', ({ parameters: { call = '' } }) => {
      const id = /^(.+):cancel$/.exec(decodeURIComponent(call))?.[1];
      if (id === undefined) throw missing(`No route for POST /batches/${call}`);
      return { status: 200, json: batches.view(batches.cancel(id)) };
    }),
  ];
}

/** The life of a file in seconds: `xaiBatchProviderOptionsSchema` in `xai-batch.ts` of @ai-sdk/xai. */
const LIFE_SECONDS = { min: 3_600, max: 2_592_000 };

/** The calls under `/files`. */
export function fileRoutes(files: Files, journal: Journal): Route[] {
  const get = (id: string) => {
    const file = files.find(id);
    if (!file) throw missing(`File ${id} not found`);
    return file;
  };
  return [
    route('POST', '/files', async ({ request }) => {
      const path = files.temporaryPath();
      const { fields, precedingFields, file } = await receiveUpload(request, path);
      try {
        if (!file) throw invalid('there is no file');
        // "xAI rejects uploads where expires_after arrives after the file part": `xai-batch.ts`.
        for (const name of fields.keys())
          if (!precedingFields.has(name)) throw invalid(`${name} must precede the file`);
        const life = fields.get('expires_after');
        const seconds = life === undefined ? undefined : Number(life);
        const { min, max } = LIFE_SECONDS;
        if (seconds !== undefined && !(seconds >= min && seconds <= max))
          throw invalid(`expires_after is ${life}: it must be from ${min} to ${max}`);
        const id = `file_${randomUUID()}`;
        const added = files.add({ id, ...file, purpose: 'batch' }, path, seconds);
        journal.append({ event: 'uploaded', fileId: id, bytes: added.bytes });
        return { status: 200, json: fileObject(added) };
      } finally {
        await rm(path, { force: true });
      }
    }),
    route('GET', '/files', ({ query }) => {
      const { items, token } = pageOf(files.all(), query);
      return { status: 200, json: { data: items.map(fileObject), pagination_token: token } };
    }),
    route('GET', '/files/:id', ({ parameters: { id = '' } }) => ({
      status: 200,
      json: fileObject(get(id)),
    })),
    route('DELETE', '/files/:id', ({ parameters: { id = '' } }) => {
      files.delete(get(id).id);
      journal.append({ event: 'deleted', fileId: id });
      return { status: 200, json: { id, object: 'file', deleted: true } };
    }),
  ];
}

/** `xaiFilesResponseSchema` of @ai-sdk/xai. xAI stores no purpose. */
function fileObject({ id, filename, bytes, createdAt, expiresAt }: FileRecord) {
  return {
    id,
    object: 'file',
    bytes,
    created_at: unixSeconds(createdAt),
    expires_at: unixSeconds(expiresAt) ?? null,
    filename,
    purpose: '',
  };
}
