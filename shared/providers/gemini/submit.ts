import { rm } from 'node:fs/promises';
import { parseRequestLine } from '../../jsonl/checkRequest.ts';
import { translateLines } from '../../jsonl/scratch.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { batchTooLarge, unusableAnswer } from '../errors.ts';
import {
  chunkedUpload,
  type UploadChunk,
  type UploadFile,
  type UploadProgress,
} from '../google/rest.ts';
import { DISCARD_DEADLINE_MS, discardBody } from '../http.ts';
import { EMBEDDINGS, type ProviderEntry, type Submission } from '../provider.ts';
import { modelAt, type RequestSettings } from '../settings.ts';
import { type Client, createdSchema, uploadedSchema, VERSION } from './api.ts';
import { classify } from './errors.ts';
import { remove } from './jobs.ts';
import { batchRequestOf, modelPathOf } from './requests.ts';
import { webhookConfigOf, withoutSignature } from './webhook.ts';

type Entry = Pick<ProviderEntry<RequestSettings>, 'entry' | 'settings' | 'webhook'>;

/** Writes the translated requests to disk, uploads them, then sends one create call. */
export async function submit(
  client: Client,
  submission: Submission,
  entry: Entry,
): Promise<{ jobId: string }> {
  const fileName = await uploadRequests(client, submission, entry.settings);
  try {
    return { jobId: await create(client, submission, entry, fileName) };
  } catch (error) {
    const refused = withoutSignature(classify(error, 'create'));
    if (refused.kind !== 'uncertain') await discard(client, fileName);
    throw refused;
  }
}

async function uploadRequests(
  client: Client,
  submission: Submission,
  settings: RequestSettings,
): Promise<string> {
  // Next to the input, in a directory that is removed after a crash.
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

/** https://ai.google.dev/api/batch-api: the call is not idempotent, so it is sent once. */
async function create(
  { rest, url }: Client,
  { key, batchId, model, endpoint, createDeadlineMs, beforeCreate }: Submission,
  { entry, settings, webhook }: Entry,
  fileName: string,
): Promise<string> {
  const method = endpoint === EMBEDDINGS ? 'asyncBatchEmbedContent' : 'batchGenerateContent';
  const path = `/${VERSION}/${modelPathOf(modelAt(settings.models, model))}:${method}`;
  const webhookConfig = await webhookConfigOf(webhook, { entry, batchId, key });
  const batch = { displayName: key, inputConfig: { fileName }, webhookConfig };
  const json = { batch: omitUndefined(batch) };
  beforeCreate?.();
  const answer = await rest.once({ method: 'POST', url: url(path), json }, createDeadlineMs);
  return createdSchema.parse(answer).name;
}

/** Best effort: the file expires by itself, and the caller throws the refusal. */
async function discard(client: Client, fileName: string): Promise<void> {
  const signal = AbortSignal.timeout(DISCARD_DEADLINE_MS);
  await remove(client, fileName, signal).catch(() => undefined);
}

interface NamedFile extends UploadFile {
  /** By this name, the upload is found again after a crash. */
  readonly displayName: string;
}

/**
 * Uploads a file in chunks, and continues where a broken one ended. Memory holds one chunk. The file
 * exists once the last chunk has arrived, and expires after 48 hours.
 * https://ai.google.dev/gemini-api/docs/files and https://ai.google.dev/api/files
 *
 * @returns its name, `files/…`
 * @throws ProviderError
 */
export async function upload(client: Client, file: NamedFile): Promise<string> {
  try {
    const session = await openSession(client, file);
    const send = (chunk: UploadChunk) => sendOrQuery(client, session, chunk);
    return uploadedSchema.parse(await chunkedUpload('Gemini', file, send)).file.name;
  } catch (error) {
    throw classify(error, 'upload');
  }
}

/** A session that is never used leaves nothing behind. */
async function openSession(
  { rest, url }: Client,
  { bytes, displayName }: NamedFile,
): Promise<string> {
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
  await discardBody(response);
  const session = URL.parse(response.headers.get('x-goog-upload-url') ?? '');
  if (session === null) throw unusableAnswer('Gemini, upload', 'the answer names no session');
  // The key is sent to the same host as before, and nowhere else.
  return new URL(session.pathname + session.search, url('/')).href;
}

/** A chunk is not repeated blindly: the session refuses bytes that it has received. */
async function sendOrQuery(
  client: Client,
  session: string,
  chunk: UploadChunk,
): Promise<UploadProgress> {
  try {
    return await sendChunk(client, session, chunk);
  } catch (error) {
    if (classify(error, 'upload').kind !== 'transient') throw error;
    return { received: await receivedBytes(client, session) };
  }
}

async function sendChunk(
  { rest }: Client,
  url: string,
  { bytes, offset, isLast }: UploadChunk,
): Promise<UploadProgress> {
  const command = isLast ? 'upload, finalize' : 'upload';
  const headers = { 'x-goog-upload-command': command, 'x-goog-upload-offset': String(offset) };
  const response = await rest.openOnce({ method: 'POST', url, body: bytes, headers });
  if (isLast) return { answer: await response.json() };
  await discardBody(response);
  return { received: offset + bytes.length };
}

async function receivedBytes({ rest }: Client, url: string): Promise<number> {
  const headers = { 'x-goog-upload-command': 'query' };
  const response = await rest.open({ method: 'POST', url, headers });
  await discardBody(response);
  const received = Number(response.headers.get('x-goog-upload-size-received') ?? Number.NaN);
  // `final`: the file exists, but only the lost answer contained its name.
  const isActive = response.headers.get('x-goog-upload-status') === 'active';
  if (isActive && Number.isSafeInteger(received) && received >= 0) return received;
  throw unusableAnswer('Gemini, upload', 'the session cannot continue');
}

/** https://ai.google.dev/gemini-api/docs/batch-api: 2 GB a file, read as 10^9 bytes each. */
const MAX_FILE_BYTES = 2 * 1000 ** 3;

/**
 * Writes the requests in the API's format, one `{"key", "request"}` a line. Memory holds a few
 * lines, whatever the size.
 *
 * @returns the length in bytes
 * @throws RefusedError if the settings refuse a request that has passed the inspection, or the file
 *   is too large
 */
function writeInput(
  path: string,
  { file, format }: Pick<Submission, 'file' | 'format'>,
  settings: RequestSettings,
): Promise<number> {
  let bytes = 0;
  return translateLines(file.path, path, (line) => {
    const { custom_id: key, ...request } = parseRequestLine(line);
    const translated = { key, request: batchRequestOf(request, format, settings) };
    const sent = Buffer.from(JSON.stringify(translated));
    bytes += sent.length + 1;
    if (bytes > MAX_FILE_BYTES) throw batchTooLarge('Gemini', MAX_FILE_BYTES);
    return sent;
  });
}
