import { ownObject } from '../batch/ids.ts';
import type { ByteRange } from '../batch/ports.ts';
import { ApiError } from './apiError.ts';
import { streamOf } from './byteStream.ts';
import type { FoundFile } from './findFile.ts';
import type { HttpPorts } from './ports.ts';
import type { HttpContext } from './routes.ts';

/** How long a signed URL is valid: long enough for a client to follow it, not for one to be passed on. */
const URL_SECONDS = 5 * 60;

/**
 * The content of a file: the bytes, streamed; or, where the host can sign one, a redirect to a URL, which
 * takes the `Range` of the request itself. Not all clients follow one (Pydantic AI's does not), so what the
 * host can take is streamed all the same.
 *
 * @throws ApiError 416 for a range that is not in the file
 */
export async function contentAnswer(
  {
    objects,
    presign,
    maxUnsignedBytes = 0,
  }: Pick<HttpPorts, 'objects' | 'presign' | 'maxUnsignedBytes'>,
  context: HttpContext,
  { key, bytes }: FoundFile,
): Promise<Response> {
  const isHead = context.req.method === 'HEAD';
  const range = parseRange(context.req.header('range'), bytes);
  const length = range ? range.end - range.start : bytes;
  if (presign && !isHead && length > maxUnsignedBytes) {
    const location = await presign(ownObject(objects, key), { seconds: URL_SECONDS });
    return new Response(null, { status: 302, headers: { location, 'cache-control': 'no-store' } });
  }
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(length),
    'accept-ranges': 'bytes',
    // Users write what is in the file: a browser must save it, and never show it as a page.
    'content-disposition': 'attachment',
    'x-content-type-options': 'nosniff',
    ...(range && { 'content-range': `bytes ${range.start}-${range.end - 1}/${bytes}` }),
  };
  const body = isHead || length === 0 ? null : streamOf(objects.read(key, range));
  return new Response(body, { status: range ? 206 : 200, headers });
}

/**
 * The bytes that a `Range` header asks for. A header of another form, and one with several ranges, is
 * ignored: https://www.rfc-editor.org/rfc/rfc9110#name-range
 *
 * @throws ApiError 416 for a range that is not in the file
 */
export function parseRange(header: string | undefined, bytes: number): ByteRange | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? [];
  if (first === undefined || last === undefined || first + last === '') return undefined;
  // A range without a beginning is that of the last bytes.
  const start = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? bytes : Math.min(bytes, Number(last) + 1);
  // An end before the beginning is no range at all.
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (start < end) return { start, end };
  const message = `Range is ${header}: the file has ${bytes} bytes`;
  const headers = { 'content-range': `bytes */${bytes}` };
  throw new ApiError(416, message, { code: 'range_not_satisfiable', headers });
}
