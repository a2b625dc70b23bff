import { randomBytes } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DocumentStore } from '../documents.ts';
import { invalid, notFound } from './errors.ts';

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
