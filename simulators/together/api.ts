import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Journal } from '../engine/journal.ts';
import { type Route, readJson, route } from '../engine/router.ts';
import { type FileRecord, type Files, receiveUpload } from '../openai/files.ts';
import { unixSeconds } from '../openai/jobs.ts';
import { ApiError } from './errors.ts';
import type { TogetherJobs } from './jobs.ts';

/** `BatchCreateParams` of together-ai. */
const CREATE_FIELDS = ['endpoint', 'input_file_id', 'completion_window', 'model_id', 'priority'];

/** The calls under `/batches`. */
export function batchRoutes(jobs: TogetherJobs): Route[] {
  return [
    route('POST', '/batches', async ({ request }) => {
      const body = await readJson(request, (problem) => new ApiError(400, problem));
      const extra = Object.keys(body).find((name) => !CREATE_FIELDS.includes(name));
      if (extra !== undefined) throw new ApiError(400, `unknown field ${extra}`);
      const { endpoint, input_file_id: fileId, completion_window: window = '24h' } = body;
      // Apart from those for audio, which are not simulated.
      if (endpoint !== '/v1/chat/completions') throw new ApiError(400, 'invalid endpoint');
      if (typeof fileId !== 'string') throw new ApiError(400, 'input_file_id is required');
      // "Completion window defaults to 24h and cannot be changed".
      if (window !== '24h') throw new ApiError(400, 'invalid completion_window');
      const job = await jobs.create(fileId);
      const json = { job: jobs.view(job), warning: '' };
      return { status: 201, json, lost: job.outcome === 'lost_reply' };
    }),
    route('GET', '/batches', () => ({
      status: 200,
      json: jobs.jobs
        .all()
        .toReversed()
        .map((job) => jobs.view(job)),
    })),
    route('GET', '/batches/:id', ({ parameters: { id = '' } }) => ({
      status: 200,
      json: jobs.view(jobs.get(id)),
    })),
    route('POST', '/batches/:id/cancel', ({ parameters: { id = '' } }) => ({
      status: 200,
      json: jobs.view(jobs.cancel(id)),
    })),
  ];
}

/** The calls under `/files`. */
export function fileRoutes(files: Files, journal: Journal): Route[] {
  /** Names of files that are to be sent to where their upload was redirected. */
  const expected = new Map<string, string>();
  const get = (id: string) => {
    const file = files.find(id);
    if (!file) throw new ApiError(404, `File ${id} not found`);
    return file;
  };
  const add = (id: string, filename: string, bytes: number, path: string) => {
    const added = files.add({ id, filename, bytes, purpose: 'batch' }, path, undefined);
    journal.append({ event: 'uploaded', fileId: id, bytes });
    return added;
  };
  return [
    // https://docs.together.ai/reference/upload-file
    route('POST', '/files/upload', async ({ request }) => {
      const path = files.temporaryPath();
      const { fields, file } = await receiveUpload(request, path);
      try {
        if (!file) throw new ApiError(400, 'file is required');
        const name = checkFields((field) => fields.get(field) ?? null);
        return {
          status: 200,
          json: fileObject(add(`file-${randomUUID()}`, name, file.bytes, path)),
        };
      } finally {
        await rm(path, { force: true });
      }
    }),
    // The other way, which the SDK takes: `lib/upload.ts` of together-ai.
    route('POST', '/files', ({ query, request }) => {
      const id = `file-${randomUUID()}`;
      expected.set(
        id,
        checkFields((field) => query.get(field)),
      );
      const location = `http://${request.headers.host}/v1/files/signed/${id}`;
      return { status: 302, json: {}, headers: { location, 'x-together-file-id': id } };
    }),
    route('PUT', '/files/signed/:id', async ({ parameters: { id = '' }, request }) => {
      const name = expected.get(id);
      if (name === undefined) throw new ApiError(403, 'the signature is invalid');
      const path = files.temporaryPath();
      const target = createWriteStream(path);
      await pipeline(request, target);
      expected.delete(id);
      add(id, name, target.bytesWritten, path);
      return { status: 200, json: {} };
    }),
    route('GET', '/files', () => ({
      status: 200,
      json: { data: files.all().toReversed().map(fileObject) },
    })),
    route('GET', '/files/:id', ({ parameters: { id = '' } }) => ({
      status: 200,
      json: fileObject(get(id)),
    })),
    route('GET', '/files/:id/content', ({ parameters: { id = '' } }) => {
      const { bytes } = get(id);
      const type = 'application/octet-stream';
      return { status: 200, file: { path: files.contentPath(id), bytes, type } };
    }),
    route('DELETE', '/files/:id', ({ parameters: { id = '' } }) => {
      files.delete(get(id).id);
      journal.append({ event: 'deleted', fileId: id });
      return { status: 200, json: { id, deleted: true } };
    }),
  ];
}

/** @returns the name of the file. @throws ApiError 400 */
function checkFields(textOf: (field: string) => string | null): string {
  const purpose = textOf('purpose');
  const name = textOf('file_name');
  if (purpose !== 'batch-api') throw new ApiError(400, `invalid purpose ${purpose}`);
  if (!name) throw new ApiError(400, 'file_name is required');
  const type = textOf('file_type') ?? 'jsonl';
  if (type !== 'jsonl') throw new ApiError(400, `invalid file_type ${type} for a batch`);
  return basename(name);
}

/** `FileResponse` in `resources/files.ts` of together-ai. */
function fileObject({ id, filename, bytes, createdAt }: FileRecord) {
  return {
    id,
    object: 'file',
    created_at: unixSeconds(createdAt),
    filename,
    bytes,
    purpose: 'batch-api',
    FileType: 'jsonl',
    Processed: true,
    processing_status: 'COMPLETED',
  };
}
