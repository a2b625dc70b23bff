import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { Journal } from '../engine/journal.ts';
import { readLines } from '../engine/lines.ts';
import { isObject, parseJson, type Reply, type Route, readJson, route } from '../engine/router.ts';
import { type FileRecord, type Files, receiveUpload } from '../openai/files.ts';
import { unixSeconds } from '../openai/jobs.ts';
import { ApiError, invalid, missing, refused } from './errors.ts';
import { type CreateRequest, ENDPOINTS, type MistralJobs } from './jobs.ts';

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

function uuidIn(value: unknown, ...loc: readonly (string | number)[]): string {
  if (typeof value === 'string' && UUID.test(value)) return value;
  throw invalid({ type: 'uuid_parsing', loc, msg: 'Input should be a valid UUID', input: value });
}

/** The calls under `/batch/jobs`. */
export function jobRoutes(jobs: MistralJobs): Route[] {
  const idIn = (parameters: Readonly<Record<string, string>>) =>
    uuidIn(parameters.id, 'path', 'job_id');
  return [
    route('POST', '/batch/jobs', async ({ request }) => {
      const refuse = (msg: string) => invalid({ type: 'json_invalid', loc: ['body'], msg });
      const job = await jobs.create(parseCreateRequest(await readJson(request, refuse)));
      return { status: 200, json: jobs.view(job), lost: job.outcome === 'lost_reply' };
    }),
    route('GET', '/batch/jobs', ({ query }) => {
      // Newest first is the default, too.
      const order = query.get('order_by') ?? '-created';
      if (order !== 'created' && order !== '-created')
        throw invalid({ type: 'enum', loc: ['query', 'order_by'], msg: 'created or -created' });
      const all = jobs.jobs.all();
      return pageReply(order === 'created' ? all : all.toReversed(), query, (job) =>
        jobs.view(job),
      );
    }),
    route('GET', '/batch/jobs/:id', ({ parameters }) => ({
      status: 200,
      json: jobs.view(jobs.get(idIn(parameters))),
    })),
    route('POST', '/batch/jobs/:id/cancel', ({ parameters }) => ({
      status: 200,
      json: jobs.view(jobs.cancel(idIn(parameters))),
    })),
  ];
}

/** Below seven days: docs.mistral.ai/capabilities/batch. */
const MAX_TIMEOUT_HOURS = 167;
/** The fields of `CreateBatchJobRequest` in @mistralai/mistralai, of which these are simulated. */
const CREATE_FIELDS = ['input_files', 'endpoint', 'model', 'metadata', 'timeout_hours'];

function parseCreateRequest(body: Record<string, unknown>): CreateRequest {
  const extra = Object.keys(body).find((name) => !CREATE_FIELDS.includes(name));
  if (extra !== undefined)
    throw invalid({
      type: 'extra_forbidden',
      loc: ['body', extra],
      msg: 'Extra inputs are not permitted',
    });
  const { input_files: files, endpoint, model, metadata = null, timeout_hours: hours = 24 } = body;
  if (endpoint === undefined) throw missing('endpoint');
  if (!ENDPOINTS.includes(endpoint as string))
    throw invalid({ type: 'enum', loc: ['body', 'endpoint'], msg: 'is no endpoint' });
  if (!Array.isArray(files) || files.length === 0) throw missing('input_files');
  if (typeof model !== 'string' || model === '') throw missing('model');
  const isTimeout = Number.isInteger(hours) && Number(hours) >= 1;
  if (!isTimeout || Number(hours) > MAX_TIMEOUT_HOURS)
    throw invalid({
      type: 'less_than_equal',
      loc: ['body', 'timeout_hours'],
      msg: `Input should be from 1 to ${MAX_TIMEOUT_HOURS}`,
    });
  if (metadata !== null && !(isObject(metadata) && Object.values(metadata).every(isText)))
    throw invalid({
      type: 'string_type',
      loc: ['body', 'metadata'],
      msg: 'Input should be a valid string',
    });
  return {
    inputFiles: files.map((id, index) => uuidIn(id, 'body', 'input_files', index)),
    endpoint: endpoint as string,
    model,
    metadata: metadata as Record<string, string> | null,
    timeoutHours: Number(hours),
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** The calls under `/files`. */
export function fileRoutes(files: Files, journal: Journal): Route[] {
  const fileIn = (parameters: Readonly<Record<string, string>>) => {
    const file = files.find(uuidIn(parameters.id, 'path', 'file_id'));
    if (!file) throw refused(404, `No file matches the given query: ${parameters.id}`, 'not_found');
    return file;
  };
  return [
    route('POST', '/files', async ({ request }) => {
      const path = files.temporaryPath();
      const { fields, file } = await receiveUpload(request, path);
      try {
        if (!file) throw missing('file');
        // The purpose is optional, and by default that of the fine-tuning API.
        if (fields.get('purpose') !== 'batch')
          throw invalid({ type: 'enum', loc: ['body', 'purpose'], msg: "Input should be 'batch'" });
        await checkLines(path);
        const added = files.add({ id: randomUUID(), ...file, purpose: 'batch' }, path, undefined);
        journal.append({ event: 'uploaded', fileId: added.id, bytes: added.bytes });
        return { status: 200, json: fileObject(added) };
      } finally {
        await rm(path, { force: true });
      }
    }),
    route('GET', '/files', ({ query }) => {
      const purpose = query.get('purpose') ?? 'batch';
      return pageReply(purpose === 'batch' ? files.all().toReversed() : [], query, fileObject);
    }),
    // `RetrieveFileResponse` has one field more than the list.
    route('GET', '/files/:id', ({ parameters }) => ({
      status: 200,
      json: { ...fileObject(fileIn(parameters)), deleted: false },
    })),
    route('GET', '/files/:id/content', ({ parameters }) => {
      const { id, bytes } = fileIn(parameters);
      const type = 'application/octet-stream';
      return { status: 200, file: { path: files.contentPath(id), bytes, type } };
    }),
    route('DELETE', '/files/:id', ({ parameters }) => {
      const { id } = fileIn(parameters);
      files.delete(id);
      journal.append({ event: 'deleted', fileId: id });
      return { status: 200, json: { id, object: 'file', deleted: true } };
    }),
  ];
}

/** https://github.com/mistralai/client-ts/issues/95 shows this refusal. */
async function checkLines(path: string): Promise<void> {
  const errors: object[] = [];
  for await (const { bytes, number } of readLines(path)) {
    if (isObject(parseJson(bytes.toString()))) continue;
    errors.push({ message: 'line contains invalid json', line_number: number });
  }
  if (errors.length === 0) return;
  const description = `Found ${errors.length} errors in this file.`;
  throw new ApiError(422, { detail: 'Invalid file format.', description, errors });
}

/** `FileSchema` in @mistralai/mistralai. */
function fileObject({ id, filename, bytes, purpose, createdAt }: FileRecord) {
  const result = filename.endsWith('_error.jsonl') ? 'batch_error' : 'batch_result';
  return {
    id,
    object: 'file',
    bytes,
    size_bytes: bytes,
    created_at: unixSeconds(createdAt),
    filename,
    purpose: 'batch',
    sample_type: purpose === 'batch' ? 'batch_request' : result,
    num_lines: null,
    mimetype: 'application/jsonl',
    source: purpose === 'batch' ? 'upload' : 'mistral',
    signature: null,
    expires_at: null,
    visibility: 'workspace',
  };
}

const MAX_PAGE_SIZE = 1_000;

/** A page of a listing, by its number from 0. */
function pageReply<Item>(
  items: readonly Item[],
  query: URLSearchParams,
  show: (item: Item) => object,
): Reply {
  const page = Number(query.get('page') ?? 0);
  const size = Number(query.get('page_size') ?? 100);
  if (!Number.isInteger(page) || page < 0)
    throw invalid({ type: 'greater_than_equal', loc: ['query', 'page'], msg: 'is below 0' });
  if (!Number.isInteger(size) || size < 1 || size > MAX_PAGE_SIZE)
    throw invalid({ type: 'less_than_equal', loc: ['query', 'page_size'], msg: 'is no size' });
  const data = items.slice(page * size, (page + 1) * size).map(show);
  return { status: 200, json: { data, object: 'list', total: items.length } };
}
