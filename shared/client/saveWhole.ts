import { open, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/**
 * Writes a file that appears whole, or not at all: beside its place and then over it.
 *
 * @param signal ends it early, and leaves nothing behind
 */
export async function saveWhole(
  path: string,
  content: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const part = `${path}.part`;
  // Opened here: a stream that opens it may do so after it has failed, and after the removal.
  const file = await open(part, 'w');
  try {
    await pipeline(content, file.createWriteStream(), signal === undefined ? {} : { signal });
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
