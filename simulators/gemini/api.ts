import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import { omitUndefined } from '../../shared/omitUndefined.ts';
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
import { ApiError, invalid } from './errors.ts';
import { FILE_LIFE_MS, type FileRecord, type Files, type Uploads } from './files.ts';
import type { BatchKind } from './input.ts';
import { batchObject, type CreateRequest, type GeminiBatch, type GeminiBatches } from './jobs.ts';

const UPLOAD_SESSION = /^\/upload\/v1beta\/files\?upload_id=[0-9a-f]{32}&/;

/** Checks the key of a call. Without a list of keys, any key is accepted. */
export function authorizer(apiKeys: readonly string[] | undefined) {
  return ({ headers, url = '' }: IncomingMessage): void => {
    // The URL of an upload that was begun with a key is the key to it: google-genai sends no other.
    if (UPLOAD_SESSION.test(url)) return;
    const key = headers['x-goog-api-key'];
    if (typeof key !== 'string' || key === '')
      throw new ApiError(
        'PERMISSION_DENIED',
        "Method doesn't allow unregistered callers (callers without established identity).",
      );
    if (!apiKeys || apiKeys.includes(key)) return;
    // The status is 400 where other APIs have 401.
    const message = 'API key not valid. Please pass a valid API key.';
    throw new ApiError('INVALID_ARGUMENT', message, 'API_KEY_INVALID');
  };
}

/** The calls about batches: https://ai.google.dev/api/batch-api */
export function batchRoutes(batches: GeminiBatches): Route[] {
  const { jobs } = batches;
  const view = (job: GeminiBatch) => {
    const snapshot = jobs.snapshotOf(job);
    // Read again: the snapshot may be newer than the record in hand.
    return batchObject(jobs.get(job.id) ?? job, snapshot);
  };
  const create = (kind: BatchKind) => {
    return async ({ parameters: { model = '' }, request }: Call): Promise<Reply> => {
      const body = await readJson(request, invalid);
      const job = await batches.create(kind, model, parseCreateRequest(body));
      return { status: 200, json: view(job), lost: job.outcome === 'lost_reply' };
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

/** A route for one of Google's custom methods, which follow a colon. */
function customRoute(pattern: string, handle: Route['handle']): Route {
  return { method: 'POST', pattern: new RegExp(`^/v1beta/${pattern}$`), handle };
}

const fileName = z
  .string()
  .regex(/^files\/[\w.-]+$/)
  .transform((name) => name.slice('files/'.length));

/** Google's JSON takes field names in either case, and its SDK mixes them. */
const inputConfig = z
  .strictObject({ fileName: fileName.optional(), file_name: fileName.optional() })
  .transform((config) => config.fileName ?? config.file_name);

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * `WebhookConfig` of @google/genai. The API takes https only; a receiver on this machine has http.
 * The metadata is taken and not sent back: the documentation does not say where an event has it.
 */
const webhookConfig = z
  .strictObject({
    uris: z
      .array(
        z.string().refine((uri) => {
          const url = URL.parse(uri);
          return (
            url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname))
          );
        }, 'webhook URIs must use https'),
      )
      .default([]),
    userMetadata: z.record(z.string(), z.unknown()).optional(),
    user_metadata: z.record(z.string(), z.unknown()).optional(),
  })
  .transform(({ uris }) => uris);

const createSchema = z.object({
  batch: z.strictObject({
    displayName: z.string().min(1).optional(),
    display_name: z.string().min(1).optional(),
    inputConfig: inputConfig.optional(),
    input_config: inputConfig.optional(),
    webhookConfig: webhookConfig.optional(),
    webhook_config: webhookConfig.optional(),
  }),
});

/** @throws ApiError INVALID_ARGUMENT naming the first wrong field. Inline requests are refused. */
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
  const webhookUris = batch.webhookConfig ?? batch.webhook_config ?? [];
  return { displayName, fileId, webhookUris };
}

interface FileParts {
  readonly files: Files;
  readonly uploads: Uploads;
  readonly journal: Journal;
}

/** The calls about files: https://ai.google.dev/api/files */
export function fileRoutes(parts: FileParts): Route[] {
  const { files, journal } = parts;
  return [
    route('POST', '/upload/v1beta/files', (call) => upload(call, parts)),
    {
      method: 'GET',
      // Google's SDK leaves out `/download`.
      pattern: /^(\/download)?\/v1beta\/files\/(?<id>[^/:]+):download$/,
      handle({ parameters: { id = '' }, query }) {
        if (query.get('alt') !== 'media') throw invalid('alt: media is missing');
        const { bytes } = files.get(id);
        const type = 'application/octet-stream';
        return { status: 200, file: { path: files.contentPath(id), bytes, type } };
      },
    },
    route('GET', '/v1beta/files', ({ query }) =>
      listReply('files', files.all().toReversed(), query, fileObject),
    ),
    route('GET', '/v1beta/files/:id', ({ parameters: { id = '' } }) => ({
      status: 200,
      json: fileObject(files.get(id)),
    })),
    route('DELETE', '/v1beta/files/:id', ({ parameters: { id = '' } }) => {
      files.delete(id);
      journal.append({ event: 'deleted', fileId: `files/${id}` });
      return { status: 200, json: {} };
    }),
  ];
}

/** The resumable protocol: https://ai.google.dev/gemini-api/docs/files#upload_a_file */
async function upload(call: Call, { files, uploads, journal }: FileParts): Promise<Reply> {
  const { headers } = call.request;
  const command = String(headers['x-goog-upload-command'] ?? '').replaceAll(' ', '');
  if (command === 'start') return startUpload(call, uploads);
  const uploadId = call.query.get('upload_id') ?? '';
  if (command === 'query')
    return activeUpload({ 'x-goog-upload-size-received': String(uploads.received(uploadId)) });
  if (command !== 'upload' && command !== 'upload,finalize')
    throw invalid(`The upload command is ${command}.`);
  await uploads.append(uploadId, Number(headers['x-goog-upload-offset']), call.request);
  if (command === 'upload') return activeUpload({});
  const { sequence: _, ...uploaded } = uploads.finish(uploadId);
  const id = randomBytes(6).toString('hex');
  const file = files.add({ ...uploaded, id, source: 'UPLOADED' }, uploads.path(uploadId));
  journal.append({ event: 'uploaded', fileId: `files/${id}`, bytes: file.bytes });
  const json = { file: fileObject(file) };
  return { status: 200, json, headers: { 'x-goog-upload-status': 'final' } };
}

async function startUpload({ request }: Call, uploads: Uploads): Promise<Reply> {
  const { headers } = request;
  const { file } = await readJson(request, invalid);
  const { displayName, display_name: snakeName } = isObject(file) ? file : {};
  const name = displayName ?? snakeName;
  const id = uploads.start({
    bytes: Number(headers['x-goog-upload-header-content-length']),
    mimeType: String(headers['x-goog-upload-header-content-type']),
    ...omitUndefined({ displayName: typeof name === 'string' ? name : undefined }),
  });
  const query = `upload_id=${id}&upload_protocol=resumable`;
  return activeUpload({
    'x-goog-upload-url': `http://${headers.host}/upload/v1beta/files?${query}`,
    'x-goog-upload-chunk-granularity': '262144',
  });
}

function activeUpload(headers: Readonly<Record<string, string>>): Reply {
  return { status: 200, json: {}, headers: { 'x-goog-upload-status': 'active', ...headers } };
}

/** A file as the API shows it. */
function fileObject({ id, createdAt, bytes, displayName, mimeType, source }: FileRecord) {
  return {
    name: `files/${id}`,
    displayName,
    mimeType,
    sizeBytes: String(bytes),
    createTime: new Date(createdAt).toISOString(),
    updateTime: new Date(createdAt).toISOString(),
    expirationTime: new Date(createdAt + FILE_LIFE_MS).toISOString(),
    state: 'ACTIVE',
    source,
  };
}

// https://ai.google.dev/api/files#method:-files.list
const DEFAULT_SIZE = 10;
const MAX_SIZE = 100;

/**
 * A page of a listing, by the `pageSize` and `pageToken` of the query. Empty fields are not sent,
 * as in all of Google's JSON.
 *
 * @throws ApiError INVALID_ARGUMENT
 */
function listReply<Item extends { readonly id: string }>(
  name: string,
  items: readonly Item[],
  query: URLSearchParams,
  show: (item: Item) => unknown,
): Reply {
  const size = Number(query.get('pageSize') ?? DEFAULT_SIZE);
  if (!Number.isInteger(size) || size < 0) throw invalid(`pageSize is ${query.get('pageSize')}`);
  const page = pageOf(items, Math.min(size, MAX_SIZE), query.get('pageToken'));
  if (!page) throw invalid('pageToken: the page token is not valid');
  return {
    status: 200,
    json: {
      [name]: page.items.length > 0 ? page.items.map(show) : undefined,
      nextPageToken: page.hasMore ? page.items.at(-1)?.id : undefined,
    },
  };
}
