import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync, renameSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Busboy } from '@fastify/busboy';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { DocumentStore } from '../engine/documents.ts';
import { ApiError } from './errors.ts';

/** A file as it is stored. Times are milliseconds since 1970. */
export interface FileRecord {
  readonly id: string;
  readonly sequence: number;
  readonly bytes: number;
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly filename: string;
  readonly purpose: 'batch' | 'batch_output';
}

export function newFileId(): string {
  return `file-${randomBytes(12).toString('hex')}`;
}

/** The id of a file that a job writes. It is the same if the writing is repeated after a kill. */
export function outputFileId(jobId: string, name: 'output' | 'error'): string {
  const hash = createHash('sha256').update(`${jobId} ${name}`).digest('hex');
  return `file-${hash.slice(0, 24)}`;
}

/** The files of the account: their metadata as documents, their contents beside them. */
export class Files {
  readonly #directory: string;
  readonly #temporary: string;
  readonly #records: DocumentStore<FileRecord>;
  readonly #now: () => number;
  readonly #processingMs: number;

  /** @param processingMs from an upload to when a job may read it. Default: 0 */
  constructor(dataDir: string, now: () => number, processingMs = 0) {
    this.#directory = join(dataDir, 'files');
    this.#temporary = join(dataDir, 'temporary');
    this.#records = new DocumentStore(this.#directory);
    this.#now = now;
    this.#processingMs = processingMs;
    // Removes what a killed run had not finished writing.
    rmSync(this.#temporary, { recursive: true, force: true });
    mkdirSync(this.#temporary, { recursive: true });
  }

  /** A path for a content that `add` will take. */
  temporaryPath(): string {
    return join(this.#temporary, randomBytes(12).toString('hex'));
  }

  /** Adds a file and moves its content here from a temporary path. */
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
      ...omitUndefined({
        expiresAt: lifeSeconds === undefined ? undefined : createdAt + lifeSeconds * 1000,
      }),
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

  /** All files, oldest first. */
  all(): FileRecord[] {
    this.#removeExpired();
    return this.#records.all();
  }

  /** Whether a job may read the file. */
  isProcessed({ purpose, createdAt }: FileRecord): boolean {
    return purpose !== 'batch' || this.#now() >= createdAt + this.#processingMs;
  }

  delete(id: string): void {
    this.#remove(this.get(id).id);
  }

  #removeExpired(): void {
    for (const { id, expiresAt } of this.#records.all())
      if (expiresAt !== undefined && expiresAt <= this.#now()) this.#remove(id);
  }

  #remove(id: string): void {
    this.#records.delete(id);
    rmSync(this.contentPath(id), { force: true });
  }
}

/** The parts of a multipart upload. The content of the file is on disk. */
export interface Upload {
  readonly fields: ReadonlyMap<string, string>;
  /** The names of the fields that precede the file. */
  readonly precedingFields: ReadonlySet<string>;
  /** Absent if no part was a file. */
  readonly file?: { readonly filename: string; readonly bytes: number };
}

/** The limit for any file: developers.openai.com, Files, "up to 512 MB". */
const MAX_FILE_BYTES = 512 * 1024 * 1024;
const MAX_FIELDS = 20;
const MAX_FIELD_BYTES = 4096;

/** Streams the file of a multipart call to `path`. Leaves nothing there if it throws. */
export async function receiveUpload(request: IncomingMessage, path: string): Promise<Upload> {
  try {
    return await readMultipart(request, path);
  } catch (error) {
    await rm(path, { force: true });
    if (error instanceof ApiError) throw error;
    throw new ApiError(400, `Could not parse multipart form: ${String(error)}`);
  }
}

async function readMultipart(request: IncomingMessage, path: string): Promise<Upload> {
  const fields = new Map<string, string>();
  let filename: string | undefined;
  let precedingFields: ReadonlySet<string> = new Set();
  let written = Promise.resolve(0);
  let stopWriting = (): void => {};
  let tooLarge = false;
  const parser = new Busboy({
    // Without a content type, it throws like for any other that is no form.
    headers: { ...request.headers, 'content-type': request.headers['content-type'] ?? '' },
    limits: {
      files: 1,
      fileSize: MAX_FILE_BYTES,
      fields: MAX_FIELDS,
      fieldSize: MAX_FIELD_BYTES,
    },
  });
  parser.on('field', (name, value) => fields.set(name, value));
  parser.on('file', (_name, content, name) => {
    filename = name;
    precedingFields = new Set(fields.keys());
    content.once('limit', () => {
      tooLarge = true;
    });
    const target = createWriteStream(path);
    written = pipeline(content, target).then(() => target.bytesWritten);
    stopWriting = () => target.destroy();
    // Stops the parser, which would otherwise wait for this file to be read.
    written.catch((error) => parser.destroy(error));
  });
  await pipeline(request, parser).catch(async (error) => {
    // The parser would leave the file open for the rest that never comes.
    stopWriting();
    await written.catch(() => {});
    throw error;
  });
  const bytes = await written;
  if (tooLarge) throw new ApiError(413, `The file is over ${MAX_FILE_BYTES} bytes.`);
  const upload = { fields, precedingFields };
  return filename === undefined ? upload : { ...upload, file: { filename, bytes } };
}
