import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { RefusedError } from '../../batch/errors.ts';
import { lineGroups } from '../../jsonl/lines.ts';
import { lineSink } from '../../jsonl/sink.ts';
import { chunkedUpload, type Progress, type UploadChunk, type UploadFile } from '../google/rest.ts';
import { unusableAnswer } from '../http.ts';
import { EMBEDDINGS, type RequestContent, type Submission } from '../provider.ts';
import { modelAt, type RequestSettings } from '../settings.ts';
import { type Client, classify, createdSchema, uploadedSchema, VERSION } from './api.ts';
import { remove } from './jobs.ts';
import { modelPathOf, requestOf } from './requests.ts';

const DELETE_DEADLINE_MS = 10_000;

/** Translates the requests onto disk, uploads them, then sends one create call. */
export async function submit(
  client: Client,
  submission: Submission,
  settings: RequestSettings,
): Promise<{ jobId: string }> {
  const fileName = await uploadRequests(client, submission, settings);
  try {
    return { jobId: await create(client, submission, settings, fileName) };
  } catch (error) {
    const refused = classify(error, 'create');
    if (refused.kind !== 'uncertain') await discard(client, fileName);
    throw refused;
  }
}

async function uploadRequests(
  client: Client,
  submission: Submission,
  settings: RequestSettings,
): Promise<string> {
  // Beside the input, whose directory is emptied after a crash.
  const path = `${submission.file.path}.gemini.jsonl`;
  try {
    const bytes = await writeInput(path, submission, settings);
    return await upload(client, { path, bytes, displayName: submission.key });
  } catch (error) {
    throw classify(error, 'upload');
  } finally {
    await rm(path, { force: true });
  }
}

/** https://ai.google.dev/api/batch-api: it is not idempotent, so it is sent once. */
async function create(
  { rest, url }: Client,
  { key, model, endpoint, createDeadlineMs }: Submission,
  { models }: RequestSettings,
  fileName: string,
): Promise<string> {
  const method = endpoint === EMBEDDINGS ? 'asyncBatchEmbedContent' : 'batchGenerateContent';
  const path = `/${VERSION}/${modelPathOf(modelAt(models, model))}:${method}`;
  const json = { batch: { displayName: key, inputConfig: { fileName } } };
  const answer = await rest.once({ method: 'POST', url: url(path), json }, createDeadlineMs);
  return createdSchema.parse(answer).name;
}

/** Best effort: the file expires by itself, and the refusal is what matters. */
async function discard(client: Client, fileName: string): Promise<void> {
  const signal = AbortSignal.timeout(DELETE_DEADLINE_MS);
  await remove(client, fileName, signal).catch(() => undefined);
}

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
    const send = (chunk: UploadChunk) => sendOrAsk(client, session, chunk);
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
async function sendOrAsk(client: Client, session: string, chunk: UploadChunk): Promise<Progress> {
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
  { bytes, offset, isLast }: UploadChunk,
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

/** https://ai.google.dev/gemini-api/docs/batch-api: 2 GB a file, read as 10^9 bytes each. */
const MAX_BYTES = 2 * 1000 ** 3;

/**
 * Writes the requests as the API wants them, one `{"key", "request"}` a line: memory holds a few
 * lines, whatever the size.
 *
 * @returns the length in bytes
 * @throws RefusedError if the settings refuse a request that has passed the inspection, or the file
 * is too large
 */
export async function writeInput(
  path: string,
  { file, format }: Pick<Submission, 'file' | 'format'>,
  settings: RequestSettings,
  maxBytes = MAX_BYTES,
): Promise<number> {
  await using target = await open(path, 'w');
  let bytes = 0;
  const sink = lineSink({
    async write(chunk) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      await target.writeFile(chunk);
    },
  });
  for await (const group of lineGroups(createReadStream(file.path)))
    for (const line of group) {
      const { custom_id: key, ...request }: Line = JSON.parse(line.bytes.toString());
      const translated = { key, request: requestOf(request, format, settings) };
      if (sink.add(Buffer.from(JSON.stringify(translated)))) await sink.flush();
    }
  await sink.close();
  return bytes;
}

type Line = RequestContent & { readonly custom_id: string };

function tooLarge(maxBytes: number): RefusedError {
  return new RefusedError({
    code: 'request_too_large',
    message: `as Gemini's requests, the batch has over ${maxBytes} bytes: split it, or lower the entry's limits.maxBytes`,
  });
}
