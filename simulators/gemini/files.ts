import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DocumentStore } from '../engine/documents.ts';
import type { Journal } from '../engine/journal.ts';
import { type Call, type Reply, type Route, route } from '../engine/router.ts';
import { isObject, readJson } from '../engine/server.ts';
import { listReply } from './api.ts';
import { ApiError, invalid } from './errors.ts';
import type { Uploads } from './uploads.ts';

/** A file as it is kept. Times are milliseconds since 1970. */
export interface FileRecord {
  /** Without `files/`. */
  readonly id: string;
  readonly sequence: number;
  readonly bytes: number;
  readonly createdAt: number;
  readonly displayName?: string;
  readonly mimeType: string;
  readonly source: 'UPLOADED' | 'GENERATED';
}

/** https://ai.google.dev/gemini-api/docs/files: files live that long. */
const LIFE_MS = 48 * 60 * 60 * 1000;

/** The files of the account: metadata as documents, contents beside them. */
export class Files {
  readonly #directory: string;
  readonly #records: DocumentStore<FileRecord>;
  readonly #now: () => number;

  constructor(dataDir: string, now: () => number) {
    this.#directory = join(dataDir, 'files');
    this.#records = new DocumentStore(this.#directory);
    this.#now = now;
    mkdirSync(this.#directory, { recursive: true });
  }

  /** Takes over the content from where it was written. */
  add(file: Omit<FileRecord, 'sequence' | 'createdAt'>, contentPath: string): FileRecord {
    const sequence = this.#records.nextSequence();
    const record: FileRecord = { ...file, sequence, createdAt: this.#now() };
    renameSync(contentPath, this.contentPath(record.id));
    this.#records.save(record);
    return record;
  }

  contentPath(id: string): string {
    return join(this.#directory, id);
  }

  /** @throws ApiError PERMISSION_DENIED, which is what the API says of a file that is not there */
  get(id: string): FileRecord {
    this.#removeExpired();
    const record = this.#records.get(id);
    if (record) return record;
    const message = `You do not have permission to access the File ${id} or it may not exist.`;
    throw new ApiError('PERMISSION_DENIED', message);
  }

  /** Oldest first. */
  all(): FileRecord[] {
    this.#removeExpired();
    return this.#records.all();
  }

  delete(id: string): void {
    this.#remove(this.get(id).id);
  }

  /** As the API shows it. */
  view({ id, createdAt, bytes, displayName, mimeType, source }: FileRecord) {
    return {
      name: `files/${id}`,
      displayName,
      mimeType,
      sizeBytes: String(bytes),
      createTime: new Date(createdAt).toISOString(),
      updateTime: new Date(createdAt).toISOString(),
      expirationTime: new Date(createdAt + LIFE_MS).toISOString(),
      state: 'ACTIVE',
      source,
    };
  }

  #removeExpired(): void {
    for (const { id, createdAt } of this.#records.all())
      if (createdAt + LIFE_MS <= this.#now()) this.#remove(id);
  }

  #remove(id: string): void {
    this.#records.delete(id);
    rmSync(this.contentPath(id), { force: true });
  }
}

/** The calls about files. */
export function fileRoutes(files: Files, uploads: Uploads, journal: Journal): Route[] {
  return [
    route('POST', '/upload/v1beta/files', (call) => upload(call, { files, uploads, journal })),
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
      listReply('files', files.all().toReversed(), query, (file) => files.view(file)),
    ),
    route('GET', '/v1beta/files/:id', ({ parameters: { id = '' } }) => ({
      status: 200,
      json: files.view(files.get(id)),
    })),
    route('DELETE', '/v1beta/files/:id', ({ parameters: { id = '' } }) => {
      files.delete(id);
      journal.append({ event: 'deleted', fileId: `files/${id}` });
      return { status: 200, json: {} };
    }),
  ];
}

interface Parts {
  readonly files: Files;
  readonly uploads: Uploads;
  readonly journal: Journal;
}

/** The resumable protocol: https://ai.google.dev/gemini-api/docs/files#upload_a_file */
async function upload(call: Call, { files, uploads, journal }: Parts): Promise<Reply> {
  const { headers } = call.request;
  const command = String(headers['x-goog-upload-command'] ?? '').replaceAll(' ', '');
  if (command === 'start') return start(call, uploads);
  const id = call.query.get('upload_id') ?? '';
  if (command === 'query')
    return active({ 'x-goog-upload-size-received': String(uploads.received(id)) });
  if (command !== 'upload' && command !== 'upload,finalize')
    throw invalid(`The upload command is ${command}.`);
  await uploads.append(id, Number(headers['x-goog-upload-offset']), call.request);
  if (command === 'upload') return active({});
  const { bytes, displayName, mimeType } = uploads.finish(id);
  const file = files.add(
    {
      id: randomBytes(6).toString('hex'),
      bytes,
      mimeType,
      source: 'UPLOADED',
      ...(displayName === undefined ? {} : { displayName }),
    },
    uploads.path(id),
  );
  journal.append({ event: 'uploaded', fileId: `files/${file.id}`, bytes });
  const json = { file: files.view(file) };
  return { status: 200, json, headers: { 'x-goog-upload-status': 'final' } };
}

async function start({ request }: Call, uploads: Uploads): Promise<Reply> {
  const { headers } = request;
  const { file } = await readJson(request, invalid);
  const { displayName, display_name: snakeName } = isObject(file) ? file : {};
  const name = displayName ?? snakeName;
  const id = uploads.start({
    bytes: Number(headers['x-goog-upload-header-content-length']),
    mimeType: String(headers['x-goog-upload-header-content-type']),
    ...(typeof name === 'string' ? { displayName: name } : {}),
  });
  const query = `upload_id=${id}&upload_protocol=resumable`;
  return active({
    'x-goog-upload-url': `http://${headers.host}/upload/v1beta/files?${query}`,
    'x-goog-upload-chunk-granularity': '262144',
  });
}

function active(headers: Readonly<Record<string, string>>): Reply {
  return { status: 200, json: {}, headers: { 'x-goog-upload-status': 'active', ...headers } };
}
