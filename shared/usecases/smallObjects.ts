import { type RefusedError, refusal } from '../batch/errors.ts';
import { ownObject } from '../batch/ids.ts';
import type { ObjectStore } from '../batch/ports.ts';

/** Maximum size of a message body in the bucket. It is held in memory as a whole. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Names an object in a refusal. */
interface Naming {
  readonly what: string;
  /** What to do about an object that is too large. */
  readonly fix: string;
}

/**
 * The size in bytes of an object that a message points to.
 *
 * @throws RefusedError if there is none, or for one of over 16 MiB
 */
export async function pointedBytes(
  objects: Pick<ObjectStore, 'bucket' | 'prefix' | 'head'>,
  key: string,
  naming: Naming,
): Promise<number> {
  const head = await objects.head(ownObject(objects, key));
  if (!head)
    throw refusal('no_such_file', `there is no object ${key}: upload it, then send this again`);
  if (head.bytes > MAX_BODY_BYTES) throw tooLarge(naming);
  return head.bytes;
}

function tooLarge({ what, fix }: Naming): RefusedError {
  return refusal('message_too_large', `${what} has over ${MAX_BODY_BYTES} bytes: ${fix}`);
}

/**
 * Reads the text of an object that a message points to.
 *
 * @throws RefusedError for an object of over 16 MiB
 */
export async function readText(source: AsyncIterable<Uint8Array>, naming: Naming): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw tooLarge(naming);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/**
 * Writes a small object to the handler's bucket.
 *
 * @returns its ETag
 */
export async function writeWhole(
  objects: Pick<ObjectStore, 'writer'>,
  key: string,
  text: string,
): Promise<string> {
  const writer = objects.writer(key);
  try {
    await writer.write(Buffer.from(text));
    return (await writer.close()).etag;
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
