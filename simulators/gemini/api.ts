import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import { type Call, pageOf, type Reply, type Route, route } from '../engine/router.ts';
import { readJson } from '../engine/server.ts';
import { ApiError, invalid } from './errors.ts';
import { type Batches, type BatchJob, batchObject } from './jobs.ts';

/** Checks the key of a call; without a list of keys, any is good. */
export function authorizer(apiKeys: readonly string[] | undefined) {
  return ({ headers }: IncomingMessage): void => {
    const key = headers['x-goog-api-key'];
    if (typeof key !== 'string' || key === '')
      throw new ApiError(
        'PERMISSION_DENIED',
        "Method doesn't allow unregistered callers (callers without established identity).",
      );
    // 400, where others say 401.
    if (apiKeys && !apiKeys.includes(key)) throw wrongKey();
  };
}

function wrongKey(): ApiError {
  const { status, message } = invalid('API key not valid. Please pass a valid API key.');
  return new ApiError(status, message, 'API_KEY_INVALID');
}

const BASE = '^/v1beta/';

/** The calls about batches: https://ai.google.dev/api/batch-api */
export function batchRoutes(batches: Batches): Route[] {
  const { jobs } = batches;
  const view = (job: BatchJob) => {
    const moment = jobs.momentOf(job);
    // Looked up again: it may have moved on just now.
    return batchObject(jobs.get(job.id) ?? job, moment);
  };
  const create = (kind: BatchJob['kind']) => {
    return async ({ parameters: { model = '' }, request }: Call): Promise<Reply> => {
      const body = await readJson(request, invalid);
      const job = await batches.create(kind, model, parseCreateRequest(body));
      return { status: 200, json: view(job), lost: job.word === 'lost_reply' };
    };
  };
  return [
    customRoute('(?<model>models/[^/:]+):batchGenerateContent', create('GenerateContent')),
    customRoute('(?<model>models/[^/:]+):asyncBatchEmbedContent', create('EmbedContent')),
    customRoute('batches/(?<id>[^/:]+):cancel', ({ parameters: { id = '' } }) => {
      batches.cancel(id);
      return { status: 200, json: {} };
    }),
    route('GET', '/v1beta/batches', ({ query }) =>
      listReply('operations', jobs.all().toReversed(), query, view),
    ),
    route('GET', '/v1beta/batches/:id', ({ parameters: { id = '' } }) => ({
      status: 200,
      json: view(batches.get(id)),
    })),
    route('DELETE', '/v1beta/batches/:id', ({ parameters: { id = '' } }) => {
      batches.delete(id);
      return { status: 200, json: {} };
    }),
  ];
}

/** One of Google's custom methods, which follow a colon. */
function customRoute(pattern: string, handle: Route['handle']): Route {
  return { method: 'POST', pattern: new RegExp(`${BASE}${pattern}$`), handle };
}

/** A create call whose values are allowed. */
export interface CreateRequest {
  readonly displayName: string;
  /** Without `files/`. */
  readonly fileId: string;
}

const fileName = z
  .string()
  .regex(/^files\/[\w.-]+$/)
  .transform((name) => name.slice('files/'.length));

/** Fields may be written in either case, as in all of Google's JSON; its SDK mixes them. */
const inputConfig = z
  .strictObject({ fileName: fileName.optional(), file_name: fileName.optional() })
  .transform((config) => config.fileName ?? config.file_name);

const createSchema = z.object({
  batch: z
    .object({
      displayName: z.string().min(1).optional(),
      display_name: z.string().min(1).optional(),
      inputConfig: inputConfig.optional(),
      input_config: inputConfig.optional(),
    })
    .strict(),
});

/** @throws ApiError INVALID_ARGUMENT naming the first wrong field; inline requests are not taken */
function parseCreateRequest(body: unknown): CreateRequest {
  const parsed = createSchema.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`Invalid value at '${issue?.path.join('.')}': ${issue?.message}`);
  }
  const { batch } = parsed.data;
  const displayName = batch.displayName ?? batch.display_name;
  const fileId = batch.inputConfig ?? batch.input_config;
  if (displayName === undefined) throw invalid('batch.display_name is required.');
  if (fileId === undefined) throw invalid('batch.input_config.file_name is required.');
  return { displayName, fileId };
}

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
