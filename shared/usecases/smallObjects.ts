import { refusal } from '../batch/errors.ts';
import type { Dependencies } from './dependencies.ts';

/** A message whose body lies in the bucket: it is held in memory. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * The text of an object that a message points to.
 *
 * @param what it holds, for whoever sent it
 * @param fix what to do with one that is too large
 * @throws RefusedError for one of over 16 MiB
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
 * Writes a small object of the handler's bucket.
 *
 * @returns its ETag
 */
export async function writeWhole(
  objects: Dependencies['objects'],
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
