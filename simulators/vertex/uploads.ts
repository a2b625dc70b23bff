import { randomBytes } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DocumentStore } from '../engine/documents.ts';
import type { Journal } from '../engine/journal.ts';
import { type Call, type Reply, type Route, route } from '../engine/router.ts';
import { readJson } from '../engine/server.ts';
import { invalid, notFound } from './errors.ts';
import { type Objects, objectView } from './gcs.ts';
import { type LoadRequest, type Loads, parseLoadRequest } from './loads.ts';

interface UploadRecord {
  readonly id: string;
  readonly sequence: number;
  /** What becomes of it: what was said when the session was opened. */
  readonly target: unknown;
  /** What the last chunk was answered with: it may be sent again. */
  readonly answer?: unknown;
}

/** How a session stands after a chunk. */
type Received =
  | { readonly received: number }
  /** All is there: the file is to be taken over. */
  | { readonly path: string; readonly target: unknown }
  | { readonly answer: unknown };

/** The chunk that a call brings: `bytes 0-99/200`, or of nothing `bytes ∗/200`. */
const RANGE = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+)$/;

/** Sessions of resumable uploads: what has arrived stands in a file. */
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
   * Takes a chunk, if it begins where the last one ended.
   *
   * @throws ApiError for an unknown session or a malformed range
   */
  async receive(id: string, request: IncomingMessage): Promise<Received> {
    const record = this.#records.get(id);
    const path = join(this.#directory, id);
    if (record?.answer !== undefined) return { answer: record.answer };
    if (!record || !existsSync(path)) throw notFound('No such upload session.');
    const [, first, , total] = RANGE.exec(request.headers['content-range'] ?? '') ?? [];
    if (total === undefined) throw invalid('Failed to parse Content-Range header.');
    if (Number(first) === statSync(path).size)
      await pipeline(request, createWriteStream(path, { flags: 'a' }));
    const received = statSync(path).size;
    if (received < Number(total)) return { received };
    return { path, target: record.target };
  }

  finish(id: string, answer: unknown): void {
    const record = this.#records.get(id);
    if (record) this.#records.save({ ...record, answer });
  }
}

const OBJECTS = '/upload/storage/v1/b/:bucket/o';
const LOADS = '/upload/bigquery/v2/projects/:project/jobs';

interface Target {
  readonly bucket: string;
  readonly name: string;
}

/** Resumable uploads, which Cloud Storage and BigQuery have alike. */
export function uploadRoutes(
  uploads: Uploads,
  { objects, loads, journal }: { objects: Objects; loads: Loads; journal: Journal },
): Route[] {
  return [
    route('POST', OBJECTS, (call) => {
      const { bucket = '' } = call.parameters;
      const name = call.query.get('name');
      if (!name) throw invalid('Required parameter: name');
      return opened(call, uploads.open({ bucket, name } satisfies Target));
    }),
    route('PUT', OBJECTS, (call) =>
      receive(uploads, call, (path, target) => {
        const { bucket, name } = target as Target;
        const record = objects.put(bucket, name, path);
        journal.append({ event: 'uploaded', fileId: record.id, bytes: record.bytes });
        return objectView(record);
      }),
    ),
    route('POST', LOADS, async (call) =>
      opened(call, uploads.open(parseLoadRequest(await readJson(call.request, invalid)))),
    ),
    route('PUT', LOADS, (call) =>
      receive(uploads, call, async (path, target) =>
        loads.view(await loads.run(target as LoadRequest, path)),
      ),
    ),
  ];
}

function opened({ request, query }: Call, id: string): Reply {
  if (query.get('uploadType') !== 'resumable')
    throw invalid('Only resumable uploads are simulated');
  const path = request.url?.split('?')[0];
  const location = `http://${request.headers.host}${path}?uploadType=resumable&upload_id=${id}`;
  return { status: 200, json: undefined, headers: { location } };
}

/** Takes a chunk; `keep` takes over the whole file after the last one. */
async function receive(
  uploads: Uploads,
  { query, request }: Call,
  keep: (path: string, target: unknown) => unknown,
): Promise<Reply> {
  const id = query.get('upload_id') ?? '';
  const received = await uploads.receive(id, request);
  if ('received' in received) return incomplete(received.received);
  if ('answer' in received) return { status: 200, json: received.answer };
  const answer = await keep(received.path, received.target);
  uploads.finish(id, answer);
  return { status: 200, json: answer };
}

function incomplete(received: number): Reply {
  const range = received > 0 ? { range: `bytes=0-${received - 1}` } : {};
  return { status: 308, json: undefined, headers: range };
}
