import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DocumentStore } from '../documents.ts';
import { ApiError } from './errors.ts';

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

export function newFileId(): string {
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
