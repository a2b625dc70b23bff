import { randomBytes } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DocumentStore } from '../engine/documents.ts';
import { invalid, unknownPath } from './errors.ts';

/** What a session said when it began. */
interface Session {
  readonly id: string;
  readonly sequence: number;
  readonly displayName?: string;
  readonly mimeType: string;
  /** Of the whole file. */
  readonly bytes: number;
}

/** https://ai.google.dev/gemini-api/docs/batch-api: 2 GB a file. */
const MAX_FILE_BYTES = 2 * 1024 ** 3;

/** Resumable uploads that are not finished. */
export class Uploads {
  readonly #directory: string;
  readonly #sessions: DocumentStore<Session>;

  constructor(dataDir: string) {
    this.#directory = join(dataDir, 'uploads');
    this.#sessions = new DocumentStore(this.#directory);
    mkdirSync(this.#directory, { recursive: true });
  }

  /** @throws ApiError for a file that is too large */
  start(begun: Omit<Session, 'id' | 'sequence'>): string {
    if (!(begun.bytes >= 0 && begun.bytes <= MAX_FILE_BYTES))
      throw invalid(`The file has ${begun.bytes} bytes, over ${MAX_FILE_BYTES}.`);
    const id = randomBytes(16).toString('hex');
    this.#sessions.save({ ...begun, id, sequence: this.#sessions.nextSequence() });
    writeFileSync(this.path(id), '');
    return id;
  }

  /** @throws ApiError for a session that is not there, or is finished */
  get(id: string): Session {
    const session = this.#sessions.get(id);
    if (session && existsSync(this.path(id))) return session;
    throw unknownPath();
  }

  path(id: string): string {
    return join(this.#directory, id);
  }

  /** How much has arrived. */
  received(id: string): number {
    return statSync(this.path(this.get(id).id)).size;
  }

  /**
   * Adds a chunk; what arrives of a broken one stays.
   *
   * @throws ApiError for one that does not follow what has arrived
   */
  async append(id: string, offset: number, request: IncomingMessage): Promise<void> {
    const received = this.received(id);
    if (offset !== received)
      throw invalid(`The upload offset is ${offset}, but ${received} bytes have been received.`);
    await pipeline(request, createWriteStream(this.path(id), { flags: 'a' }));
  }

  /** @throws ApiError unless every byte has arrived */
  finish(id: string): Session {
    const session = this.get(id);
    const received = this.received(id);
    if (received !== session.bytes)
      throw invalid(`${received} bytes were uploaded where ${session.bytes} were announced.`);
    this.#sessions.delete(id);
    return session;
  }
}
