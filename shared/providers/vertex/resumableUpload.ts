import {
  chunkedUpload,
  type Progress,
  type Rest,
  type RestCall,
  type UploadFile,
} from '../google/rest.ts';
import { unusableAnswer } from '../http.ts';

const INCOMPLETE = 308;
const GONE: readonly number[] = [404, 410];

/**
 * Uploads a file in chunks, going on where a broken one ended. Memory holds one chunk. Nothing is
 * there before the last chunk is.
 * https://docs.cloud.google.com/storage/docs/performing-resumable-uploads; BigQuery speaks the same.
 *
 * @param start the call that opens a session
 * @returns what the last chunk was answered with
 */
export async function resumableUpload(
  rest: Rest,
  start: RestCall,
  file: UploadFile,
): Promise<unknown> {
  const url = await openSession(rest, start, file);
  return chunkedUpload('Vertex AI', file, ({ bytes, offset }) =>
    sendChunk(rest, url, { chunk: bytes, offset, bytes: file.bytes }),
  );
}

async function openSession(rest: Rest, start: RestCall, { bytes }: UploadFile): Promise<string> {
  const response = await rest.open({
    ...start,
    headers: {
      'x-upload-content-type': 'application/octet-stream',
      'x-upload-content-length': String(bytes),
    },
  });
  await response.body?.cancel();
  const url = URL.parse(response.headers.get('location') ?? '', start.url);
  const isGoogle = url?.protocol === 'https:' && url.hostname.endsWith('.googleapis.com');
  // The token goes with every chunk: to Google, or to where the upload began, and nowhere else.
  if (url && (isGoogle || url.origin === new URL(start.url).origin)) return url.href;
  throw unusableAnswer('Vertex AI, upload', 'the answer names no session of Google');
}

/** A repeated chunk is harmless: the session takes the bytes that it lacks. */
async function sendChunk(
  rest: Rest,
  url: string,
  { chunk, offset, bytes }: { chunk: Uint8Array; offset: number; bytes: number },
): Promise<Progress> {
  const range = chunk.length === 0 ? '*' : `${offset}-${offset + chunk.length - 1}`;
  const response = await rest.open({
    method: 'PUT',
    url,
    body: chunk,
    headers: { 'content-range': `bytes ${range}/${bytes}` },
    expected: [INCOMPLETE, ...GONE],
  });
  if (GONE.includes(response.status))
    throw unusableAnswer('Vertex AI, upload', 'the session has ended before its time');
  if (response.status !== INCOMPLETE) return { answer: await response.json() };
  await response.body?.cancel();
  return { received: receivedBytes(response) };
}

/** `Range: bytes=0-N` tells what has arrived; without it nothing has. */
function receivedBytes(response: Response): number {
  const last = /^bytes=0-(\d+)$/.exec(response.headers.get('range') ?? '')?.[1];
  return last === undefined ? 0 : Number(last) + 1;
}
