import { unusableAnswer } from '../errors.ts';
import {
  chunkedUpload,
  type Rest,
  type RestCall,
  type UploadFile,
  type UploadProgress,
} from '../google/rest.ts';
import { discardBody } from '../http.ts';
import type { WireJob } from './api.ts';

/** A column of BigQuery. */
export interface Column {
  readonly name: string;
  readonly type: 'STRING' | 'JSON';
}

/** Where new jobs read their input and write their output. Errors are not classified. */
export interface Store {
  readonly type: 'gcs' | 'bigquery';
  /** Writes a submission's input to where its job reads it. May be repeated. */
  upload(key: string, file: UploadFile, columns: readonly Column[]): Promise<void>;
  /** @throws ProviderError if a job of this key would find output in the place of its own */
  checkOutput(key: string): Promise<void>;
  /** The fields `inputConfig` and `outputConfig` of a job. */
  configOf(key: string): object;
  /**
   * Deletes the input of a submission. An input that does not exist counts as deleted.
   *
   * @param since an older input is kept; milliseconds since 1970
   */
  deleteInput(key: string, since: number): Promise<void>;
}

/**
 * What jobs have written. A job keeps its own store: the settings may name another one by now.
 * Files are gs:// and bq:// URIs. Errors are not classified.
 */
export interface Outputs {
  filesOf(job: WireJob): Promise<string[]>;
  /** The lines of a file, or the parsed rows of a table, in groups. */
  lines(file: string): AsyncGenerator<readonly (Uint8Array | object)[]>;
  /** Deletes a job's input and output. */
  delete(job: WireJob, key: string): Promise<void>;
}

const INCOMPLETE = 308;
const GONE: readonly number[] = [404, 410];

/**
 * Uploads a file in chunks, and continues where a broken one ended. Memory holds one chunk. The file
 * exists once the last chunk has arrived.
 * https://docs.cloud.google.com/storage/docs/performing-resumable-uploads; BigQuery has the same
 * protocol.
 *
 * @param start the call that opens a session
 * @returns the answer to the last chunk
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
  await discardBody(response);
  const url = URL.parse(response.headers.get('location') ?? '', start.url);
  const isGoogle = url?.protocol === 'https:' && url.hostname.endsWith('.googleapis.com');
  // Every chunk carries the token: it is sent to Google or the host of the first call, nowhere else.
  if (url && (isGoogle || url.origin === new URL(start.url).origin)) return url.href;
  throw unusableAnswer('Vertex AI, upload', 'the answer names no session of Google');
}

/** A chunk may be repeated: the session ignores bytes that it has received. */
async function sendChunk(
  rest: Rest,
  url: string,
  { chunk, offset, bytes }: { chunk: Uint8Array; offset: number; bytes: number },
): Promise<UploadProgress> {
  const range = chunk.length === 0 ? '*' : `${offset}-${offset + chunk.length - 1}`;
  const response = await rest.open({
    method: 'PUT',
    url,
    body: chunk,
    headers: { 'content-range': `bytes ${range}/${bytes}` },
    expected: [INCOMPLETE, ...GONE],
  });
  if (GONE.includes(response.status))
    throw unusableAnswer('Vertex AI, upload', 'the session ended early');
  if (response.status !== INCOMPLETE) return { answer: await response.json() };
  await discardBody(response);
  return { received: receivedBytes(response) };
}

/** `Range: bytes=0-N` says what has arrived; without it, nothing has. */
function receivedBytes(response: Response): number {
  const last = /^bytes=0-(\d+)$/.exec(response.headers.get('range') ?? '')?.[1];
  return last === undefined ? 0 : Number(last) + 1;
}
