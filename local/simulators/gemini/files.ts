import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DocumentStore } from '../documents.ts';
import { ApiError } from './errors.ts';

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
