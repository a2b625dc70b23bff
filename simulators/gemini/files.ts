import { randomBytes } from 'node:crypto';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DocumentStore } from '../engine/documents.ts';
import { ApiError, invalid, unknownPath } from './errors.ts';

/** A file as it is stored. Times are milliseconds since 1970. */
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

/** The life of a file: https://ai.google.dev/gemini-api/docs/files */
export const FILE_LIFE_MS = 48 * 60 * 60 * 1000;

/** The files of the account: their metadata as documents, their contents beside them. */
export class Files {
  readonly #directory: string;
  readonly #records: DocumentStore<FileRecord>;
  readonly #now: () => number;

  constructor(dataDir: string, now: () => number) {
    this.#directory = join(dataDir, 'files');
    this.#records = new DocumentStore(this.#directory);
    this.#now = now;
  }

  /** Adds a file and moves its content here. */
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

  /** @throws ApiError PERMISSION_DENIED, with which the API answers for a file that is not there */
  get(id: string): FileRecord {
    this.#removeExpired();
    const record = this.#records.get(id);
    if (record) return record;
    const message = `You do not have permission to access the File ${id} or it may not exist.`;
    throw new ApiError('PERMISSION_DENIED', message);
  }

  /** All files, oldest first. */
  all(): FileRecord[] {
    this.#removeExpired();
    return this.#records.all();
  }

  delete(id: string): void {
    this.#remove(this.get(id).id);
  }

  #removeExpired(): void {
    for (const { id, createdAt } of this.#records.all())
      if (createdAt + FILE_LIFE_MS <= this.#now()) this.#remove(id);
  }

  #remove(id: string): void {
    this.#records.delete(id);
    rmSync(this.contentPath(id), { force: true });
  }
}

/** An upload that is under way. */
interface UploadSession {
  readonly id: string;
  readonly sequence: number;
  readonly displayName?: string;
  readonly mimeType: string;
  /** The size of the whole file. */
  readonly bytes: number;
}

/** The limit for a file, 2 GB: https://ai.google.dev/gemini-api/docs/batch-api */
const MAX_FILE_BYTES = 2 * 1024 ** 3;

/** Resumable uploads that are not finished. */
export class Uploads {
  readonly #directory: string;
  readonly #sessions: DocumentStore<UploadSession>;

  constructor(dataDir: string) {
    this.#directory = join(dataDir, 'uploads');
    this.#sessions = new DocumentStore(this.#directory);
    mkdirSync(this.#directory, { recursive: true });
  }

  /**
   * Starts an upload.
   *
   * @returns its id
   * @throws ApiError for a file that is too large
   */
  start(file: Omit<UploadSession, 'id' | 'sequence'>): string {
    if (!(file.bytes >= 0 && file.bytes <= MAX_FILE_BYTES))
      throw invalid(`The file has ${file.bytes} bytes, over ${MAX_FILE_BYTES}.`);
    const id = randomBytes(16).toString('hex');
    this.#sessions.save({ ...file, id, sequence: this.#sessions.nextSequence() });
    writeFileSync(this.path(id), '');
    return id;
  }

  path(id: string): string {
    return join(this.#directory, id);
  }

  /** How many bytes have arrived. */
  received(id: string): number {
    return statSync(this.path(this.#get(id).id)).size;
  }

  /**
   * Appends a chunk. What has arrived of a broken chunk stays.
   *
   * @throws ApiError for a chunk that does not start where the last one ended
   */
  async append(id: string, offset: number, request: IncomingMessage): Promise<void> {
    const received = this.received(id);
    if (offset !== received)
      throw invalid(`The upload offset is ${offset}, but ${received} bytes have been received.`);
    await pipeline(request, createWriteStream(this.path(id), { flags: 'a' }));
  }

  /** @throws ApiError unless every byte has arrived */
  finish(id: string): UploadSession {
    const session = this.#get(id);
    const received = this.received(id);
    if (received !== session.bytes)
      throw invalid(`${received} bytes were uploaded where ${session.bytes} were announced.`);
    this.#sessions.delete(id);
    return session;
  }

  /** @throws ApiError for an upload that does not exist or is finished */
  #get(id: string): UploadSession {
    const session = this.#sessions.get(id);
    if (session && existsSync(this.path(id))) return session;
    throw unknownPath();
  }
}
