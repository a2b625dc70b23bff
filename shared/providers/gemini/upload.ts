import {
  type Chunk,
  chunkedUpload,
  type Progress,
  type UploadFile,
} from '../google/chunkedUpload.ts';
import { unusableAnswer } from '../unusableAnswer.ts';
import { type Client, classify, VERSION } from './client.ts';
import { uploadedSchema } from './wire.ts';

interface Upload extends UploadFile {
  /** By which it is found again after a crash. */
  readonly displayName: string;
}

/**
 * Uploads a file in chunks, going on where a broken one ended. Memory holds one chunk. Nothing is
 * there before the last chunk is; it expires after 48 hours.
 * https://ai.google.dev/gemini-api/docs/files and https://ai.google.dev/api/files
 *
 * @returns its name, `files/…`
 * @throws ProviderError
 */
export async function upload(client: Client, file: Upload): Promise<string> {
  try {
    const session = await start(client, file);
    const send = (chunk: Chunk) => sendOrAsk(client, session, chunk);
    return uploadedSchema.parse(await chunkedUpload('Gemini', file, send)).file.name;
  } catch (error) {
    throw classify(error, 'upload');
  }
}

/** A session that is never used leaves nothing. */
async function start({ rest, url }: Client, { bytes, displayName }: Upload): Promise<string> {
  const response = await rest.open({
    method: 'POST',
    url: url(`/upload/${VERSION}/files`),
    json: { file: { displayName } },
    headers: {
      'x-goog-upload-protocol': 'resumable',
      'x-goog-upload-command': 'start',
      'x-goog-upload-header-content-length': String(bytes),
      'x-goog-upload-header-content-type': 'application/jsonl',
    },
  });
  await response.body?.cancel();
  const session = URL.parse(response.headers.get('x-goog-upload-url') ?? '');
  if (session === null) throw unusableAnswer('Gemini, upload', 'the answer names no session');
  // The key goes where it went before, and nowhere else.
  return new URL(session.pathname + session.search, url('/')).href;
}

/** A chunk is not repeated blindly: the session would refuse bytes that it has. */
async function sendOrAsk(client: Client, session: string, chunk: Chunk): Promise<Progress> {
  try {
    return await send(client, session, chunk);
  } catch (error) {
    if (classify(error, 'upload').kind !== 'transient') throw error;
    return { received: await receivedBytes(client, session) };
  }
}

async function send(
  { rest }: Client,
  url: string,
  { bytes, offset, isLast }: Chunk,
): Promise<Progress> {
  const command = isLast ? 'upload, finalize' : 'upload';
  const headers = { 'x-goog-upload-command': command, 'x-goog-upload-offset': String(offset) };
  const response = await rest.openOnce({ method: 'POST', url, body: bytes, headers });
  if (isLast) return { answer: await response.json() };
  await response.body?.cancel();
  return { received: offset + bytes.length };
}

async function receivedBytes({ rest }: Client, url: string): Promise<number> {
  const headers = { 'x-goog-upload-command': 'query' };
  const response = await rest.open({ method: 'POST', url, headers });
  await response.body?.cancel();
  const received = Number(response.headers.get('x-goog-upload-size-received') ?? Number.NaN);
  // `final`: the file is there, but only the answer that was lost has told its name.
  const isActive = response.headers.get('x-goog-upload-status') === 'active';
  if (isActive && Number.isSafeInteger(received) && received >= 0) return received;
  throw unusableAnswer('Gemini, upload', 'the session cannot go on');
}
