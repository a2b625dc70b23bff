import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UPLOAD_PART_BYTES } from '../batch/clientPorts.ts';
import { omitUndefined } from '../omitUndefined.ts';

/** What identifies a content. */
export interface Fingerprint {
  /** Hash of the content, in hex. */
  readonly hash: string;
  /** Its size. Undefined if only an ETag is known. */
  readonly bytes?: number;
  /** The ETags that S3 gives the content: as one object, and as one that is uploaded in parts. */
  readonly etags: readonly string[];
}

/** Reads a content once, in constant memory. */
export async function fingerprintOf(content: AsyncIterable<Uint8Array>): Promise<Fingerprint> {
  const reader = newFingerprint();
  for await (const chunk of content) reader.update(chunk);
  return reader.end();
}

/**
 * ETags are MD5 for objects that S3 encrypts with its own keys, as in the handler's bucket:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 */
function newFingerprint() {
  const whole = createHash('md5');
  const parts: Buffer[] = [];
  let part: Hash = createHash('md5');
  let inPart = 0;
  let bytes = 0;
  const endPart = (): void => {
    parts.push(part.digest());
    part = createHash('md5');
    inPart = 0;
  };
  return {
    update(chunk: Uint8Array): void {
      whole.update(chunk);
      bytes += chunk.length;
      for (let start = 0; start < chunk.length; ) {
        const end = Math.min(chunk.length, start + UPLOAD_PART_BYTES - inPart);
        part.update(chunk.subarray(start, end));
        inPart += end - start;
        start = end;
        if (inPart === UPLOAD_PART_BYTES) endPart();
      }
    },
    end(): Fingerprint {
      if (inPart > 0) endPart();
      const hash = whole.digest('hex');
      const ofParts = createHash('md5').update(Buffer.concat(parts)).digest('hex');
      return { hash, bytes, etags: [hash, `${ofParts}-${parts.length}`] };
    },
  };
}

/** A content that could be read only once, on the disk. */
export interface Spooled {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Writes a stream to a temporary file, in constant memory.
 *
 * @param name the name of the file, in a directory of its own
 */
export async function spool(
  content: AsyncIterable<Uint8Array>,
  name: string,
  signal?: AbortSignal,
): Promise<Spooled> {
  const directory = await mkdtemp(join(tmpdir(), 'batch-handler-'));
  const remove = () => rm(directory, { recursive: true, force: true });
  const path = join(directory, name);
  try {
    await pipeline(content, createWriteStream(path, { mode: 0o600 }), omitUndefined({ signal }));
    return { path, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The fingerprint of a file. */
export function fileFingerprint(path: string): Promise<Fingerprint> {
  return fingerprintOf(createReadStream(path));
}

/** An ETag as S3's events have it: its answers have quotes around it. */
export function unquoted(etag: string): string {
  return etag.replaceAll('"', '');
}
