import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { Busboy, type BusboyFileStream } from '@fastify/busboy';
import { messageOf } from '../batch/errors.ts';
import type { ObjectWriter } from '../batch/ports.ts';
import { ApiError } from './apiError.ts';
import type { HttpPorts } from './ports.ts';
import type { HttpContext } from './routes.ts';

/** Far above what the API has: three fields of a few characters, and the headers of a part. */
const FORM_LIMITS = {
  ...{ files: 1, fields: 16, parts: 17, fieldNameSize: 100, fieldSize: 1024 },
  ...{ headerPairs: 16, headerSize: 8 * 1024 },
};
/** What file systems take. */
export const MAX_FILENAME_LENGTH = 255;

/** Where the one file of a form goes, and what its fields must be. */
export interface FileTarget<T> {
  /** Name of the file's field. */
  readonly name: string;
  readonly writer: ObjectWriter;
  readonly maxBytes: number;
  /** @throws ApiError for fields that are refused: the file is then discarded */
  check(fields: Record<string, unknown>): T;
}

export interface ReceivedFile<T> {
  readonly filename: string;
  readonly bytes: number;
  readonly fields: T;
}

/**
 * Streams the file of a multipart form into an object, in constant memory. The fields may come before it
 * or after it; `expires_after[seconds]` becomes `expires_after.seconds`.
 *
 * @throws ApiError 400 for another form, 413 for a file that is too large
 */
export async function receiveFile<T>(
  { req }: HttpContext,
  { maxBodyBytes = Number.POSITIVE_INFINITY }: Pick<HttpPorts, 'maxBodyBytes'>,
  target: FileTarget<T>,
): Promise<ReceivedFile<T>> {
  const { name, writer, check } = target;
  try {
    if (Number(req.header('content-length')) > maxBodyBytes) throw tooLarge(maxBodyBytes);
    const { filename, bytes, fields } = await readForm(req.raw, target);
    const checked = check(nested(fields));
    if (filename === undefined) {
      const message = `${name} is missing: send a multipart form with a file in the field ${name}`;
      throw new ApiError(400, message, { code: 'missing_required_parameter', param: name });
    }
    if (bytes === 0)
      throw new ApiError(400, `${name} is empty`, { code: 'file_empty', param: name });
    await writer.close();
    return { filename: filename.slice(0, MAX_FILENAME_LENGTH), bytes, fields: checked };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function readForm(request: Request, { name, writer, maxBytes }: FileTarget<unknown>) {
  const fields = new Map<string, string>();
  let file: BusboyFileStream | undefined;
  let filename: string | undefined;
  let bytes = 0;
  let failure: unknown;
  let written = Promise.resolve();
  const parser = newParser(request, name, maxBytes);
  const refuse = (error: unknown) => {
    failure ??= error;
    parser.destroy(messageError(error));
  };
  parser.on('field', (field, value, _nameCut, isCut) => {
    if (isCut) refuse(badForm(`the field ${field} is too long`));
    fields.set(field, value);
  });
  for (const event of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const)
    parser.on(event, () =>
      refuse(badForm('it has more fields, or more files, than the API knows')),
    );
  parser.on('file', (_field, content, given) => {
    [file, filename] = [content, given ?? ''];
    content.once('limit', () => refuse(tooLarge(maxBytes)));
    const write = async () => {
      for await (const chunk of content) {
        bytes += chunk.length;
        await writer.write(chunk);
      }
    };
    // A failed write stops the parser, which would otherwise wait for this file to be read.
    written = write().catch(refuse);
  });
  try {
    await pipeline(bodyOf(request), parser);
    await written;
  } catch (error) {
    failure ??= badForm(messageOf(error));
  }
  if (failure === undefined) return { fields, filename, bytes };
  // The parser leaves the file open for the rest that never comes.
  file?.destroy();
  await written;
  throw failure;
}

function newParser(request: Request, name: string, fileSize: number) {
  const type = request.headers.get('content-type') ?? '';
  try {
    return new Busboy({
      headers: { 'content-type': type },
      limits: { ...FORM_LIMITS, fileSize },
      isPartAFile: (field) => field === name,
    });
  } catch (error) {
    throw badForm(messageOf(error));
  }
}

function bodyOf({ body }: Request): Readable {
  return body ? Readable.fromWeb(body as ReadableStream) : Readable.from([]);
}

/** `a[b]` becomes `a.b`. */
function nested(fields: ReadonlyMap<string, string>): Record<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [field, value] of fields) {
    const [, outer, inner] = /^(\w+)\[(\w+)\]$/.exec(field) ?? [];
    if (outer === undefined || inner === undefined) values.set(field, value);
    else values.set(outer, { ...(values.get(outer) ?? {}), [inner]: value });
  }
  return Object.fromEntries(values);
}

function messageError(error: unknown): Error {
  return error instanceof Error ? error : new Error(messageOf(error));
}

function badForm(problem: string): ApiError {
  const message = `The body is not the multipart form that it should be: ${problem}`;
  return new ApiError(400, message, { code: 'invalid_multipart' });
}

function tooLarge(maxBytes: number): ApiError {
  const message = `The body has over ${maxBytes} bytes: send the file to /v1/uploads in parts of at most 4 MB, in Python with client.uploads.upload_file_chunked(…, part_size=4 * 1024 * 1024)`;
  return new ApiError(413, message, { code: 'file_too_large', param: 'file' });
}
