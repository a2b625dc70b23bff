import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DocumentStore } from '../engine/documents.ts';
import type { Journal } from '../engine/journal.ts';
import { type Call, type Reply, type Route, route } from '../engine/router.ts';
import { listReply, parseLife } from './api.ts';
import type { Dialect } from './dialect.ts';
import { ApiError, invalidValue, missingParameter } from './errors.ts';
import { fileObject } from './objects.ts';
import { receiveUpload, type Upload } from './upload.ts';

/** A file as it is kept. Times are milliseconds since 1970. */
export interface FileRecord {
  readonly id: string;
  readonly sequence: number;
  readonly bytes: number;
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly filename: string;
  readonly purpose: 'batch' | 'batch_output';
}

function newFileId(): string {
  return `file-${randomBytes(12).toString('hex')}`;
}

/** The id of a file that a job writes: the same when the writing is done again after a kill. */
export function outputFileId(jobId: string, name: 'output' | 'error'): string {
  const hash = createHash('sha256').update(`${jobId} ${name}`).digest('hex');
  return `file-${hash.slice(0, 24)}`;
}

/** The files of the account: metadata as documents, contents beside them. */
export class Files {
  readonly #directory: string;
  readonly #temporary: string;
  readonly #records: DocumentStore<FileRecord>;
  readonly #now: () => number;

  constructor(dataDir: string, now: () => number) {
    this.#directory = join(dataDir, 'files');
    this.#temporary = join(dataDir, 'temporary');
    this.#records = new DocumentStore(this.#directory);
    this.#now = now;
    // What a killed run had not finished writing.
    rmSync(this.#temporary, { recursive: true, force: true });
    mkdirSync(this.#temporary, { recursive: true });
  }

  /** Where to write what `add` shall keep. */
  temporaryPath(): string {
    return join(this.#temporary, randomBytes(12).toString('hex'));
  }

  /** Takes over the content from a temporary path. */
  add(
    file: Omit<FileRecord, 'sequence' | 'createdAt' | 'expiresAt'>,
    contentPath: string,
    lifeSeconds: number | undefined,
  ): FileRecord {
    const createdAt = this.#now();
    const record: FileRecord = {
      ...file,
      sequence: this.#records.nextSequence(),
      createdAt,
      ...(lifeSeconds === undefined ? {} : { expiresAt: createdAt + lifeSeconds * 1000 }),
    };
    renameSync(contentPath, this.contentPath(record.id));
    this.#records.save(record);
    return record;
  }

  contentPath(id: string): string {
    return join(this.#directory, id);
  }

  find(id: string): FileRecord | undefined {
    this.#removeExpired();
    return this.#records.get(id);
  }

  /** @throws ApiError 404 */
  get(id: string): FileRecord {
    const record = this.find(id);
    if (!record) throw new ApiError(404, `No such File object: ${id}`, { param: 'id' });
    return record;
  }

  /** Oldest first. */
  all(): FileRecord[] {
    this.#removeExpired();
    return this.#records.all();
  }

  delete(id: string): void {
    this.#records.delete(this.get(id).id);
    rmSync(this.contentPath(id), { force: true });
  }

  #removeExpired(): void {
    for (const { id, expiresAt } of this.#records.all()) {
      if (expiresAt === undefined || expiresAt > this.#now()) continue;
      this.#records.delete(id);
      rmSync(this.contentPath(id), { force: true });
    }
  }
}

const MAX_LIMIT = 10_000;

/** The calls under `/files`. */
export function fileRoutes(files: Files, journal: Journal, manner: Dialect): Route[] {
  return [
    route('POST', '/files', (call) => upload(call, files, journal, manner)),
    route('GET', '/files', ({ query }) => {
      const purpose = query.get('purpose');
      const found = files.all().filter((file) => purpose === null || file.purpose === purpose);
      const ordered = query.get('order') === 'asc' ? found : found.toReversed();
      const page = { usual: MAX_LIMIT, most: MAX_LIMIT, show: fileObject };
      // A listing of files has its ids even when it is empty.
      return listReply(ordered, query, page, { first_id: '', last_id: '' });
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
    // Gone already if it was kept.
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
