import { copyFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DocumentStore } from '../documents.ts';
import { notFound } from './errors.ts';

export interface ObjectRecord {
  /** Of its bucket and name, as a file name. */
  readonly id: string;
  readonly sequence: number;
  readonly bucket: string;
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** The objects of all buckets: any bucket exists. */
export class Objects {
  readonly #directory: string;
  readonly #records: DocumentStore<ObjectRecord>;
  readonly #now: () => number;

  constructor(dataDir: string, now: () => number) {
    this.#directory = join(dataDir, 'objects');
    mkdirSync(this.#directory, { recursive: true });
    this.#records = new DocumentStore(this.#directory);
    this.#now = now;
  }

  /** Takes over the file at this path; an object of the same name is replaced. */
  put(bucket: string, name: string, path: string): ObjectRecord {
    const id = idOf(bucket, name);
    const bytes = statSync(path).size;
    renameSync(path, join(this.#directory, id));
    const sequence = this.#records.nextSequence();
    const record = { id, sequence, bucket, name, bytes, createdAt: this.#now() };
    this.#records.save(record);
    return record;
  }

  find(bucket: string, name: string): ObjectRecord | undefined {
    return this.#records.get(idOf(bucket, name));
  }

  /** @throws ApiError 404 */
  get(bucket: string, name: string): ObjectRecord {
    const record = this.find(bucket, name);
    if (!record) throw notFound(`No such object: ${bucket}/${name}`);
    return record;
  }

  contentPath({ id }: ObjectRecord): string {
    return join(this.#directory, id);
  }

  /** By name, as Cloud Storage lists them. */
  list(bucket: string, prefix: string): ObjectRecord[] {
    return this.#records
      .all()
      .filter((record) => record.bucket === bucket && record.name.startsWith(prefix))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  delete(record: ObjectRecord): void {
    this.#records.delete(record.id);
    rmSync(this.contentPath(record), { force: true });
  }

  /** Copies an object by its gs:// URI; false if there is none. */
  copy(uri: string, path: string): boolean {
    const [, bucket = '', name = ''] = /^gs:\/\/([^/]+)\/(.*)$/.exec(uri) ?? [];
    const record = this.find(bucket, name);
    if (record) copyFileSync(this.contentPath(record), path);
    return record !== undefined;
  }
}

function idOf(bucket: string, name: string): string {
  return encodeURIComponent(`${bucket}/${name}`);
}
