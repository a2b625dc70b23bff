import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ClientObjects } from '../batch/clientPorts.ts';
import { isObject, tryParseJson } from '../jsonl/rows.ts';
import { ClientError } from './clientError.ts';

/** The content of an object, with its size in bytes if it is known. */
export interface Content {
  readonly stream: Readable;
  readonly bytes?: number | undefined;
}

export interface UploadOptions {
  /**
   * Called as the upload goes on.
   *
   * @param bytes uploaded so far
   * @param total undefined if the requests come from an iterable
   */
  readonly onProgress?: ((bytes: number, total: number | undefined) => void) | undefined;
  /** Stops the upload, which then leaves nothing behind. */
  readonly signal?: AbortSignal | undefined;
}

/** Lines are joined into chunks of this size, because a chunk a request would be slow. */
const CHUNK_LENGTH = 64 * 1024;

export async function fileContent(path: string): Promise<Content> {
  const { size: bytes } = await stat(path);
  return { stream: createReadStream(path), bytes };
}

/** The requests as lines of JSON. */
export function requestsContent(requests: AsyncIterable<object> | Iterable<object>): Content {
  async function* chunks() {
    let text = '';
    for await (const request of requests) {
      text += `${JSON.stringify(request)}\n`;
      if (text.length < CHUNK_LENGTH) continue;
      yield Buffer.from(text);
      text = '';
    }
    if (text !== '') yield Buffer.from(text);
  }
  return { stream: Readable.from(chunks()) };
}

/** Uploads in constant memory. The object appears complete or not at all. */
export async function upload(
  objects: Pick<ClientObjects, 'upload'>,
  key: string,
  { stream, bytes }: Content,
  { onProgress, signal }: UploadOptions = {},
): Promise<void> {
  try {
    await objects.upload(key, stream, {
      onProgress: onProgress && ((written) => onProgress(written, bytes)),
      signal,
    });
  } finally {
    stream.destroy();
  }
}

/** A longer first line is left for the inspection. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/**
 * Checks that the file is JSONL by its first line that is not blank. Everything else is left for the
 * inspection, which ends the batch with all its reasons.
 *
 * @param name how errors name the file
 * @throws ClientError `invalid_input` that names the file and what is wrong with it
 */
export async function checkFile(path: string, name = path): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw invalid(error.code === 'ENOENT' ? `${name}: no such file` : `${name}: ${error.message}`);
  });
  if (!found.isFile()) throw invalid(`${name}: not a file`);
  if (found.size === 0) throw invalid(`${name}: empty: it has no requests`);
  const line = await firstLine(path).catch((error: NodeJS.ErrnoException) => {
    throw invalid(`${name}: cannot be read: ${error.message}`);
  });
  if (line !== undefined && !isObject(tryParseJson(line)))
    throw invalid(
      `${name}: not JSONL: its first line is not a JSON object but ${JSON.stringify(line.slice(0, 40))}`,
    );
}

/** The first line that is not blank; undefined if there is none, or if it is too long. */
async function firstLine(path: string): Promise<string | undefined> {
  let text = '';
  for await (const chunk of createReadStream(path, { encoding: 'utf8' })) {
    text = (text + chunk).replace(/^[\uFEFF\s]+/, '');
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
    if (text.length > MAX_LINE_BYTES) return undefined;
  }
  return text === '' ? undefined : text;
}

function invalid(message: string): ClientError {
  return new ClientError('invalid_input', message);
}
