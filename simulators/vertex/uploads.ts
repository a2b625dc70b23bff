import { randomBytes } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { DocumentStore } from '../engine/documents.ts';
import type { Journal } from '../engine/journal.ts';
import { type Call, type Reply, type Route, readJson, route } from '../engine/router.ts';
import { type LoadRequest, type Loads, parseLoadRequest } from './bigquery.ts';
import { invalid, notFound } from './errors.ts';
import { gcsObject, type Objects } from './gcs.ts';

interface UploadRecord {
  readonly id: string;
  readonly sequence: number;
  /** What the file is for, as the call that opened the session says. */
  readonly target: unknown;
  /** The reply to the last chunk, which a client may send again. */
  readonly reply?: unknown;
}

/** The state of a session after a chunk. */
type Received =
  | { readonly received: number }
  /** The file is complete. */
  | { readonly path: string; readonly target: unknown }
  | { readonly reply: unknown };

/** The range of a chunk, e.g. `bytes 0-99/200`, or `bytes ∗/200` for none. */
const RANGE = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+)$/;

/** Sessions of resumable uploads. What has arrived is in a file. */
export class Uploads {
  readonly #directory: string;
  readonly #records: DocumentStore<UploadRecord>;

  constructor(dataDir: string) {
    this.#directory = join(dataDir, 'uploads');
    mkdirSync(this.#directory, { recursive: true });
    this.#records = new DocumentStore(this.#directory);
  }

  open(target: unknown): string {
    const id = randomBytes(12).toString('hex');
    writeFileSync(join(this.#directory, id), '');
    this.#records.save({ id, sequence: this.#records.nextSequence(), target });
    return id;
  }

  /**
   * Appends a chunk if it starts where the last one ended.
   *
   * @throws ApiError for an unknown session or a malformed range
   */
  async receive(id: string, request: IncomingMessage): Promise<Received> {
    const record = this.#records.get(id);
    const path = join(this.#directory, id);
    if (record?.reply !== undefined) return { reply: record.reply };
    if (!record || !existsSync(path)) throw notFound('No such upload session.');
    const [, first, , total] = RANGE.exec(request.headers['content-range'] ?? '') ?? [];
    if (total === undefined) throw invalid('Failed to parse Content-Range header.');
    if (Number(first) === statSync(path).size)
      await pipeline(request, createWriteStream(path, { flags: 'a' }));
    const received = statSync(path).size;
    if (received < Number(total)) return { received };
    return { path, target: record.target };
  }

  finish(id: string, reply: unknown): void {
    const record = this.#records.get(id);
    if (record) this.#records.save({ ...record, reply });
  }
}

const OBJECTS = '/upload/storage/v1/b/:bucket/o';
const LOADS = '/upload/bigquery/v2/projects/:project/jobs';

interface ObjectName {
  readonly bucket: string;
  readonly name: string;
}

/** Resumable uploads, which are the same in Cloud Storage and BigQuery. */
export function uploadRoutes(
  uploads: Uploads,
  { objects, loads, journal }: { objects: Objects; loads: Loads; journal: Journal },
): Route[] {
  return [
    route('POST', OBJECTS, async (call) => {
      const { bucket = '' } = call.parameters;
      const name = call.query.get('name') ?? (await nameInMetadata(call.request));
      if (!name) throw invalid('Required parameter: name');
      return sessionReply(call, uploads.open({ bucket, name } satisfies ObjectName));
    }),
    route('PUT', OBJECTS, (call) =>
      receiveChunk(uploads, call, (path, target) => {
        const { bucket, name } = target as ObjectName;
        const record = objects.put(bucket, name, path);
        journal.append({ event: 'uploaded', fileId: record.id, bytes: record.bytes });
        return gcsObject(record);
      }),
    ),
    route('POST', LOADS, async (call) =>
      sessionReply(call, uploads.open(parseLoadRequest(await readJson(call.request, invalid)))),
    ),
    route('PUT', LOADS, (call) =>
      receiveChunk(uploads, call, async (path, target) =>
        loads.view(await loads.run(target as LoadRequest, path)),
      ),
    ),
  ];
}

/**
 * The object's metadata may have its name, which Google's own clients write there:
 * https://docs.cloud.google.com/storage/docs/json_api/v1/objects/insert
 */
async function nameInMetadata(request: IncomingMessage): Promise<string | undefined> {
  if (!request.headers['content-type']?.startsWith('application/json')) return undefined;
  const metadata = await readJson(request, invalid);
  const { name } = (metadata ?? {}) as { name?: unknown };
  return typeof name === 'string' ? name : undefined;
}

function sessionReply({ request, query }: Call, id: string): Reply {
  if (query.get('uploadType') !== 'resumable')
    throw invalid('Only resumable uploads are simulated');
  const path = request.url?.split('?')[0];
  const location = `http://${request.headers.host}${path}?uploadType=resumable&upload_id=${id}`;
  return { status: 200, json: undefined, headers: { location } };
}

/** Receives a chunk. After the last one, `keep` takes the file and returns the reply. */
async function receiveChunk(
  uploads: Uploads,
  { query, request }: Call,
  keep: (path: string, target: unknown) => unknown,
): Promise<Reply> {
  const id = query.get('upload_id') ?? '';
  const received = await uploads.receive(id, request);
  if ('received' in received) return incomplete(received.received);
  if ('reply' in received) return { status: 200, json: received.reply };
  const json = await keep(received.path, received.target);
  uploads.finish(id, json);
  return { status: 200, json };
}

function incomplete(received: number): Reply {
  const headers = omitUndefined({ range: received > 0 ? `bytes=0-${received - 1}` : undefined });
  return { status: 308, json: undefined, headers };
}
