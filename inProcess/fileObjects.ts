import { createHash, randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { refusal } from '../shared/batch/errors.ts';
import type { ByteRange, ObjectRef, ObjectStore, ObjectWriter } from '../shared/batch/ports.ts';
import { objectPath } from './objectPath.ts';

/** The bucket in the records of a directory. A directory that is moved keeps its records. */
const BUCKET = 'directory';
/** Files that are being written. They are on the same file system as the objects. */
const UNFINISHED = 'unfinished';
const OBJECTS = 'objects';
const CHUNK_BYTES = 256 * 1024;
/** ETags of so many files are kept, each with what shows that its file is still the same. */
const MAX_KNOWN_ETAGS = 10_000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Objects as files, and what keeps their number bounded. */
export interface FileObjects extends ObjectStore {
  /** The size of an object in bytes; undefined if there is none. It costs less than `head`. */
  bytesOf(key: string): Promise<number | undefined>;
  /**
   * Deletes objects by their age, as the rules of a bucket do, and what killed processes left unfinished.
   *
   * @param olderThan milliseconds since 1970
   */
  removeOld(olderThan: number): Promise<void>;
}

/**
 * An object store in a directory. An object appears complete or not at all, and is on the disk before
 * `close` returns: it is written beside the others, flushed and renamed. Its ETag is the MD5 of its content.
 */
export function fileObjects(directory: string): FileObjects {
  const root = join(directory, OBJECTS);
  const unfinished = join(directory, UNFINISHED);
  const pathOf = (key: string) => join(root, objectPath(key));
  const etags = new Map<string, string>();

  function remember(path: string, stats: BigIntStats, etag: string): void {
    if (etags.size >= MAX_KNOWN_ETAGS) etags.clear();
    etags.set(identityOf(path, stats), etag);
  }

  function checkBucket({ bucket, key }: ObjectRef): void {
    if (bucket === BUCKET) return;
    throw refusal(
      'bucket_not_allowed',
      `s3://${bucket}/${key} is in bucket ${bucket}, and a handler in one process reads only its own directory: download the file and add that`,
    );
  }

  async function* readChunks(key: string, range?: ByteRange): AsyncGenerator<Uint8Array> {
    await using file = await openObject(pathOf(key), key);
    const { size } = await file.stat();
    const end = Math.min(range?.end ?? size, size);
    let position = range?.start ?? 0;
    if (range && position >= size)
      throw new Error(`object ${key} has ${size} bytes: there is no byte ${position}`);
    while (position < end) {
      const length = Math.min(CHUNK_BYTES, end - position);
      const chunk = Buffer.allocUnsafe(length);
      const { bytesRead } = await file.read(chunk, 0, length, position);
      if (bytesRead === 0) throw new Error(`object ${key} broke off at byte ${position} of ${end}`);
      position += bytesRead;
      yield bytesRead === length ? chunk : chunk.subarray(0, bytesRead);
    }
  }

  async function etagOf(path: string, key: string): Promise<string> {
    await using file = await openObject(path, key);
    const stats = await file.stat({ bigint: true });
    const known = etags.get(identityOf(path, stats));
    if (known !== undefined) return known;
    const hash = createHash('md5');
    for await (const chunk of file.createReadStream({ autoClose: false, start: 0 }))
      hash.update(chunk);
    const etag = hash.digest('hex');
    remember(path, stats, etag);
    return etag;
  }

  function writer(key: string): ObjectWriter {
    const path = pathOf(key);
    const temporary = join(unfinished, randomUUID());
    const hash = createHash('md5');
    let opening: Promise<FileHandle> | undefined;
    const opened = (): Promise<FileHandle> => {
      opening ??= mkdir(unfinished, { recursive: true }).then(() => open(temporary, 'wx', 0o600));
      return opening;
    };
    return {
      async write(chunk) {
        const file = await opened();
        hash.update(chunk);
        await file.writeFile(chunk);
      },
      async close() {
        const file = await opened();
        await file.sync();
        const stats = await file.stat({ bigint: true });
        await file.close();
        await makeDirectory(dirname(path));
        await rename(temporary, path);
        await syncDirectory(dirname(path));
        const etag = hash.digest('hex');
        remember(path, stats, etag);
        return { etag };
      },
      async abort() {
        const file = await opening?.catch(() => undefined);
        await file?.close();
        await rm(temporary, { force: true });
      },
    };
  }

  async function bytesOf(key: string): Promise<number | undefined> {
    try {
      return (await stat(pathOf(key))).size;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  return {
    bucket: BUCKET,
    bytesOf,
    async head(object) {
      checkBucket(object);
      const bytes = await bytesOf(object.key);
      return bytes === undefined
        ? undefined
        : { bytes, etag: await etagOf(pathOf(object.key), object.key) };
    },
    async copy(source, key) {
      checkBucket(source);
      const target = writer(key);
      const hash = createHash('md5');
      try {
        for await (const chunk of readChunks(source.key)) {
          hash.update(chunk);
          await target.write(chunk);
        }
        if (hash.digest('hex') !== source.etag)
          throw refusal('source_changed', `${source.key} has changed since it was added`);
        await target.close();
      } catch (error) {
        await target.abort();
        if (!isMissing(error)) throw error;
        throw refusal('source_changed', `${source.key} was deleted after it was added`);
      }
    },
    read: readChunks,
    writer,
    remove: (key) => rm(pathOf(key), { force: true }),
    async removeOld(olderThan) {
      await removeFiles(unfinished, Date.now() - DAY_MS);
      await removeFiles(root, olderThan);
    },
  };
}

/** A file that is replaced has another inode, and one that is changed in place another time. */
function identityOf(path: string, { ino, size, mtimeNs }: BigIntStats): string {
  return `${path} ${ino} ${size} ${mtimeNs}`;
}

async function openObject(path: string, key: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw Object.assign(new Error(`there is no object ${key} (${path})`), { code: 'ENOENT' });
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'ENOENT';
}

/** Makes a directory whose name survives a power cut, with those above it. */
async function makeDirectory(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true });
  if (first === undefined) return;
  for (let made = directory; ; made = dirname(made)) {
    await syncDirectory(dirname(made));
    if (made === first) return;
  }
}

async function syncDirectory(directory: string): Promise<void> {
  // Windows has no handles of directories; it keeps names by itself.
  if (process.platform === 'win32') return;
  await using handle = await open(directory, 'r');
  await handle.sync();
}

async function removeFiles(directory: string, olderThan: number): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(
    (error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    },
  );
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const found = await stat(path).catch(() => undefined);
    if (found && found.mtimeMs < olderThan) await rm(path, { force: true });
  }
}
