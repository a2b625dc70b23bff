import { refusal } from '../batch/errors.ts';
import type { ObjectStore } from '../batch/ports.ts';

/** Maximum size of a message body in the bucket. It is held in memory as a whole. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * Reads the text of an object that a message points to.
 *
 * @param what names the content in the refusal
 * @param fix says in the refusal what to do about an object that is too large
 * @throws RefusedError for an object of over 16 MiB
 */
export async function readText(
  source: AsyncIterable<Uint8Array>,
  { what, fix }: { readonly what: string; readonly fix: string },
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES)
      throw refusal('message_too_large', `${what} has over ${MAX_BODY_BYTES} bytes: ${fix}`);
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
