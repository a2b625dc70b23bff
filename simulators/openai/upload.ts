import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import busboy from 'busboy';
import { ApiError } from './errors.ts';

/** What a multipart upload held; the file's content went to disk. */
export interface Upload {
  readonly fields: ReadonlyMap<string, string>;
  /** Absent when no part was a file. */
  readonly file?: { readonly filename: string; readonly bytes: number };
}

/** Of any file: developers.openai.com, Files, "up to 512 MB". */
const MAX_FILE_BYTES = 512 * 1024 * 1024;
const MAX_FIELDS = 20;
const MAX_FIELD_BYTES = 4096;

/** Streams the file of a multipart call to `path`, which does not exist if this throws. */
export async function receiveUpload(request: IncomingMessage, path: string): Promise<Upload> {
  try {
    return await receive(request, path);
  } catch (error) {
    await rm(path, { force: true });
    if (error instanceof ApiError) throw error;
    throw new ApiError(400, `Could not parse multipart form: ${String(error)}`);
  }
}

async function receive(request: IncomingMessage, path: string): Promise<Upload> {
  const fields = new Map<string, string>();
  let filename: string | undefined;
  let written = Promise.resolve(0);
  let tooLarge = false;
  const parser = busboy({
    headers: request.headers,
    defParamCharset: 'utf8',
    limits: {
      files: 1,
      fileSize: MAX_FILE_BYTES,
      fields: MAX_FIELDS,
      fieldSize: MAX_FIELD_BYTES,
    },
  });
  parser.on('field', (name, value) => fields.set(name, value));
  parser.on('file', (_name, content, info) => {
    filename = info.filename;
    content.once('limit', () => {
      tooLarge = true;
    });
    const target = createWriteStream(path);
    written = pipeline(content, target).then(() => target.bytesWritten);
    // Ends the parsing, which would otherwise wait for this file to be read.
    written.catch((error) => parser.destroy(error));
  });
  await pipeline(request, parser);
  const bytes = await written;
  if (tooLarge) throw new ApiError(413, `The file is over ${MAX_FILE_BYTES} bytes.`);
  return filename === undefined ? { fields } : { fields, file: { filename, bytes } };
}
