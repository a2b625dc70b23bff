import type { Dependencies } from './dependencies.ts';

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
