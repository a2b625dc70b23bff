import { copyFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DocumentStore } from '../engine/documents.ts';
import type { Journal } from '../engine/journal.ts';
import { type Call, pageOf, type Reply, type Route, route } from '../engine/router.ts';
import { invalid, notFound } from './errors.ts';

export interface ObjectRecord {
  /** The bucket and the name, encoded as a file name. */
  readonly id: string;
  readonly sequence: number;
  readonly bucket: string;
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** The objects of all buckets. Every bucket exists. */
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

  /** Moves the file at `path` here. Replaces an object with the same name. */
  put(bucket: string, name: string, path: string): ObjectRecord {
    const id = objectId(bucket, name);
    const bytes = statSync(path).size;
    renameSync(path, join(this.#directory, id));
    const sequence = this.#records.nextSequence();
    const record = { id, sequence, bucket, name, bytes, createdAt: this.#now() };
    this.#records.save(record);
    return record;
  }

  find(bucket: string, name: string): ObjectRecord | undefined {
    return this.#records.get(objectId(bucket, name));
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

  /** The objects in the order of their names, as Cloud Storage lists them. */
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

  /** Copies an object by its `gs://` URI. Returns false if there is no such object. */
  copy(uri: string, path: string): boolean {
    const [, bucket = '', name = ''] = /^gs:\/\/([^/]+)\/(.*)$/.exec(uri) ?? [];
    const record = this.find(bucket, name);
    if (record) copyFileSync(this.contentPath(record), path);
    return record !== undefined;
  }
}

function objectId(bucket: string, name: string): string {
  return encodeURIComponent(`${bucket}/${name}`);
}

const DEFAULT_RESULTS = 1_000;

/** Cloud Storage's calls, except uploads. */
export function objectRoutes(objects: Objects, journal: Journal): Route[] {
  const find = ({ parameters: { bucket = '', object = '' } }: Call) =>
    objects.get(bucket, decodeURIComponent(object));
  return [
    route('GET', '/storage/v1/b/:bucket/o', ({ parameters: { bucket = '' }, query }) => {
      const found = objects.list(bucket, query.get('prefix') ?? '');
      const limit = Number(query.get('maxResults') ?? DEFAULT_RESULTS);
      const page = pageOf(found, limit, query.get('pageToken'));
      if (!page) throw invalid('Invalid value for pageToken');
      const items = page.items.length === 0 ? undefined : page.items.map(gcsObject);
      const nextPageToken = page.hasMore ? page.items.at(-1)?.id : undefined;
      return { status: 200, json: { kind: 'storage#objects', items, nextPageToken } };
    }),
    route('GET', '/storage/v1/b/:bucket/o/:object', async (call): Promise<Reply> => {
      const record = find(call);
      if (call.query.get('alt') !== 'media') return { status: 200, json: gcsObject(record) };
      // `bytes=N-`
      const start = Number(/^bytes=(\d+)-$/.exec(call.request.headers.range ?? '')?.[1] ?? 0);
      const path = objects.contentPath(record);
      const file = { path, start, bytes: record.bytes - start, type: 'application/octet-stream' };
      return { status: start > 0 ? 206 : 200, file };
    }),
    route('DELETE', '/storage/v1/b/:bucket/o/:object', (call) => {
      const record = find(call);
      objects.delete(record);
      journal.append({ event: 'deleted', fileId: record.id });
      return { status: 204, json: undefined };
    }),
  ];
}

/** An object as the API shows it. */
export function gcsObject({ bucket, name, bytes, createdAt }: ObjectRecord) {
  const timeCreated = new Date(createdAt).toISOString();
  return { kind: 'storage#object', bucket, name, size: String(bytes), timeCreated };
}
