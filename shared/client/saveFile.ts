import { createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { omitUndefined } from '../omitUndefined.ts';
import { ClientError } from './clientError.ts';

/**
 * Writes a file that appears complete or not at all: under another name, which is then changed. A
 * device or a pipe is written to as it is.
 *
 * @param name the name of a file that would do, for errors
 * @param signal stops the writing, which leaves nothing behind
 * @throws ClientError `invalid_input` for a directory, and for a file in none
 */
export async function saveFile(
  path: string,
  content: AsyncIterable<Uint8Array>,
  {
    name = 'results.jsonl',
    signal,
  }: { readonly name?: string; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const target = await stat(path).catch(() => undefined);
  if (target?.isDirectory())
    throw invalid(`${path} is a directory: name a file in it, such as ${join(path, name)}`);
  const folder = dirname(path);
  if (!(await stat(folder).catch(() => undefined))?.isDirectory())
    throw invalid(`there is no directory ${folder}: create it, or name another file`);
  const options = omitUndefined({ signal });
  // A rename would replace a device by a file.
  if (target !== undefined && !target.isFile())
    return pipeline(content, createWriteStream(path), options).catch((error: unknown) => {
      throw placed(error, path);
    });
  const part = `${path}.part`;
  // Opened first, because a stream could create the file after it has failed and was removed.
  const file = await open(part, 'w');
  try {
    await pipeline(content, file.createWriteStream(), options);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw placed(error, path);
  }
}

/** The error of a write does not say what was written. */
function placed(error: unknown, path: string): unknown {
  return error instanceof Error && 'syscall' in error && !('path' in error)
    ? Object.assign(error, { path })
    : error;
}

function invalid(message: string): ClientError {
  return new ClientError('invalid_input', message);
}
