import { createHash, type Hash, randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import prettyBytes from 'pretty-bytes';
import { newBatchId } from '../client/addBatch.ts';
import { ClientError } from '../client/clientError.ts';
import { omitUndefined } from '../omitUndefined.ts';
import type { AddingInfo } from './adding.ts';
import type { InspectionInfo } from './inspection.ts';
import { type Piece, writePiece } from './pieces.ts';
import type { SpoolDirectory } from './spool.ts';

/** Files that are held at the same time. */
export const MAX_UPLOADS = 20;

/** A file as the browser that has it describes it. Whoever has the same three has the same file, most likely. */
export interface FileDescription {
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly lastModified: number;
}

/** A file that the page copies to this server, and what has come of it. */
export interface UploadInfo extends FileDescription {
  readonly id: string;
  /** Bytes that are here. */
  readonly received: number;
  readonly createdAt: string;
  /** The id that the batch gets unless another is chosen. Absent until the whole file is here. */
  readonly defaultBatchId?: string;
  /** What is in it. Absent until the whole file is here. */
  readonly inspection?: InspectionInfo;
  /** Absent until somebody adds it. */
  readonly adding?: AddingInfo;
}

/** A file that is held, or is still copied. */
export interface HeldUpload extends FileDescription {
  readonly id: string;
  readonly path: string;
  readonly createdAt: string;
  readonly pieces: readonly Piece[];
  readonly received: number;
  readonly inspection: InspectionInfo | undefined;
  readonly adding: AddingInfo | undefined;
}

interface Upload extends HeldUpload {
  readonly pieces: Piece[];
  received: number;
  /** Of what is here: gives the batch its id, as the client library does. */
  content: Hash;
  isWriting: boolean;
  inspection: InspectionInfo | undefined;
  adding: AddingInfo | undefined;
}

interface UploadsOptions {
  readonly spool: SpoolDirectory;
  /** Called when anything has changed. */
  readonly onChange: () => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The files that the page has copied here, as long as the server runs. */
export class Uploads {
  readonly #spool: SpoolDirectory;
  readonly #onChange: () => void;
  readonly #now: () => number;
  readonly #held = new Map<string, Upload>();

  constructor({ spool, onChange, now }: UploadsOptions) {
    this.#spool = spool;
    this.#onChange = onChange;
    this.#now = now;
  }

  /** The newest first. */
  list(): readonly UploadInfo[] {
    return [...this.#held.values()].reverse().map(infoOf);
  }

  /** @throws ClientError `not_possible` if it is not here */
  get(id: string): HeldUpload {
    return this.#get(id);
  }

  /** The upload of this file that is here and was not added. */
  find(file: FileDescription): UploadInfo | undefined {
    const found = [...this.#held.values()].find(
      (upload) => isSameFile(upload, file) && !isDone(upload),
    );
    return found && infoOf(found);
  }

  /** @throws ClientError `invalid_input` if it is empty; `not_possible` if there is no room for it */
  async begin(file: FileDescription): Promise<UploadInfo> {
    const { name, bytes } = file;
    if (bytes === 0) throw new ClientError('invalid_input', `${name} is empty: it has no requests`);
    this.#makeRoom();
    const missing = [...this.#held.values()].reduce(
      (sum, upload) => sum + upload.bytes - upload.received,
      0,
    );
    const room = (await this.#spool.room()) - missing;
    if (bytes > room) throw noRoom(name, bytes, Math.max(0, room), this.#spool.parent);
    const id = randomUUID();
    const path = this.#spool.pathOf(id);
    await (await open(path, 'wx', 0o600)).close();
    const upload: Upload = {
      ...{ id, path, name, bytes, lastModified: file.lastModified },
      createdAt: new Date(this.#now()).toISOString(),
      ...{ pieces: [], received: 0, content: createHash('md5'), isWriting: false },
      ...{ inspection: undefined, adding: undefined },
    };
    this.#held.set(id, upload);
    this.#onChange();
    return infoOf(upload);
  }

  /**
   * Takes the next piece. A piece that does not come whole leaves nothing behind.
   *
   * @param offset where the sender believes it to begin
   * @returns whether the whole file is here now
   * @throws ClientError `not_possible` if another piece is due, the file is longer than was said, or the
   *   disk is full
   */
  async put(id: string, offset: number, piece: AsyncIterable<Uint8Array>): Promise<boolean> {
    const upload = this.#get(id);
    if (upload.isWriting || offset !== upload.received)
      throw new ClientError(
        'not_possible',
        `another window copies ${upload.name}, which is here up to byte ${upload.received}: choose the file again to go on from there`,
      );
    upload.isWriting = true;
    try {
      const { end, sha256, content } = await writePiece(upload, piece, this.#spool.parent);
      upload.received = end;
      upload.content = content;
      upload.pieces.push({ end, sha256 });
    } finally {
      upload.isWriting = false;
      this.#onChange();
    }
    return upload.received === upload.bytes;
  }

  /** What the page shows of it. */
  info(id: string): UploadInfo {
    return infoOf(this.#get(id));
  }

  setInspection(id: string, inspection: InspectionInfo): void {
    const upload = this.#held.get(id);
    if (upload) upload.inspection = inspection;
    this.#onChange();
  }

  setAdding(id: string, adding: AddingInfo): void {
    const upload = this.#held.get(id);
    if (upload) upload.adding = adding;
    this.#onChange();
  }

  /** Whether its file is no longer needed here: its batch is there. */
  isDone(id: string): boolean {
    const upload = this.#held.get(id);
    return upload !== undefined && isDone(upload);
  }

  /** Frees the disk. What has come of the file is still told. */
  async removeFile(id: string): Promise<void> {
    const upload = this.#held.get(id);
    if (upload) await rm(upload.path, { force: true });
  }

  /** Forgets it, and frees the disk. */
  async discard(id: string): Promise<void> {
    await this.removeFile(id);
    this.#held.delete(id);
    this.#onChange();
  }

  #get(id: string): Upload {
    const upload = this.#held.get(id);
    if (upload) return upload;
    throw new ClientError('not_possible', 'the file is no longer here: choose it again');
  }

  /** What was added makes room for what is new. */
  #makeRoom(): void {
    if (this.#held.size < MAX_UPLOADS) return;
    const done = [...this.#held.values()].find(isDone);
    if (done) this.#held.delete(done.id);
    else
      throw new ClientError(
        'not_possible',
        `${MAX_UPLOADS} files are here, and no more are held at the same time: add or discard one`,
      );
  }
}

function infoOf(upload: Upload): UploadInfo {
  const { id, name, bytes, lastModified, received, createdAt, inspection, adding } = upload;
  const isWhole = received === bytes;
  return omitUndefined({
    ...{ id, name, bytes, lastModified, received, createdAt, inspection, adding },
    defaultBatchId: isWhole ? newBatchId(name, upload.content.copy().digest('hex')) : undefined,
  });
}

function isSameFile(a: FileDescription, b: FileDescription): boolean {
  return a.name === b.name && a.bytes === b.bytes && a.lastModified === b.lastModified;
}

function isDone({ adding }: Upload): boolean {
  return adding?.step === 'accepted';
}

function noRoom(name: string, bytes: number, room: number, place: string): ClientError {
  return new ClientError(
    'not_possible',
    `${name} has ${prettyBytes(bytes)}, and there is room for ${prettyBytes(room)} in ${place}: make room there, or start the server with another TMPDIR`,
  );
}
