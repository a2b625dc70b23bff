import { randomInt } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { sendBatchMessage } from '../aws/queues.ts';
import { notBeforeProblem } from '../batch/bounds.ts';
import { uploadKey } from '../batch/ids.ts';
import { type AddMessageInput, addMessageSchema } from '../batch/messages.ts';
import type { ObjectRef } from '../batch/ports.ts';
import { isObject, tryParseJson } from '../jsonl/rows.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { ClientError } from './clientError.ts';
import type { SentMessage } from './commands.ts';
import type { HandlerConnection } from './connection.ts';

/** A batch to add: the fields of a message, and either `file` or `requests`. */
export interface NewBatch
  extends Omit<AddMessageInput, 'action' | 'schemaVersion' | 'file' | 'requests'> {
  /** Path of a local JSONL file, or an `s3://bucket/key` URL in a bucket that the handler may read. */
  readonly file?: string | undefined;
  /** The requests themselves, each in the format of a line of a batch file. */
  readonly requests?: AsyncIterable<object> | Iterable<object> | undefined;
}

/**
 * Uploads the requests, unless they are in S3, and sends the message that adds the batch.
 *
 * @returns as soon as the message is sent; the handler may still refuse it
 * @throws ClientError `invalid_input` for a message, provider or file that the handler would refuse,
 *   as far as that is known here; `batch_exists` if the id is taken
 */
export async function addBatch(
  connection: HandlerConnection,
  { file, requests, ...fields }: NewBatch,
  options: UploadOptions = {},
): Promise<SentMessage> {
  const { handler, batches, sqs, s3 } = connection;
  const { bucket, batchQueue } = handler.resources;
  if ((file === undefined) === (requests === undefined))
    throw new ClientError('invalid_input', 'give either a file or requests');
  const isInS3 = file?.startsWith('s3://') ?? false;
  const batchId = fields.batchId ?? newBatchId(file ?? 'batch');
  const message: AddMessageInput = omitUndefined({
    ...fields,
    batchId,
    file: isInS3 ? file : undefined,
  });
  checkMessage(message, handler.providers);
  if (file !== undefined && !isInS3) await checkFile(file);

  const existing = await batches.get(batchId);
  if (existing !== undefined)
    throw new ClientError(
      'batch_exists',
      `batch ${batchId} already exists and is ${existing.status}: choose another id`,
    );
  if (!isInS3) {
    const content: Content = requests ? requestsContent(requests) : await fileContent(file ?? '');
    await upload(s3, { bucket, key: uploadKey(batchId) }, content, options);
  }
  options.signal?.throwIfAborted();
  return { batchId, messageId: await sendBatchMessage(sqs, batchQueue, message) };
}

function checkMessage(message: AddMessageInput, entries: readonly string[]): void {
  const parsed = addMessageSchema.safeParse(message);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message: text }) => {
      const value = message[path[0] as keyof AddMessageInput];
      return `${path.join('.')}: ${text}, not ${JSON.stringify(value)}`;
    });
    throw new ClientError('invalid_input', issues.join('; '));
  }
  const { notBefore, provider, providers = [] } = message;
  const tooFar = notBefore === undefined ? undefined : notBeforeProblem(notBefore, Date.now());
  if (tooFar !== undefined) throw new ClientError('invalid_input', `notBefore: ${tooFar}`);
  const unknown = [provider ?? [], providers].flat().filter((name) => !entries.includes(name));
  if (unknown.length > 0)
    throw new ClientError(
      'invalid_input',
      `the deployment has no provider ${unknown.join(', ')}: use one of ${entries.join(', ')}`,
    );
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const SUFFIX_LENGTH = 6;
/** Leaves room for the suffix within the 100 characters of a batch id. */
const MAX_STEM_LENGTH = 90;

/** A new batch id that begins with the name of the file. Ids cannot be used twice. */
export function newBatchId(file: string): string {
  const stem = basename(file)
    .replace(/\.jsonl?$/i, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, MAX_STEM_LENGTH);
  let suffix = '';
  for (let i = 0; i < SUFFIX_LENGTH; i++) suffix += ALPHABET[randomInt(ALPHABET.length)];
  return `${stem || 'batch'}-${suffix}`;
}

/** The content of an object, with its size in bytes if it is known. */
interface Content {
  readonly stream: Readable;
  readonly bytes?: number | undefined;
}

export interface UploadOptions {
  /**
   * Called after every uploaded part.
   *
   * @param bytes uploaded so far
   * @param total undefined if the requests come from an iterable
   */
  readonly onProgress?: ((bytes: number, total: number | undefined) => void) | undefined;
  /** Stops the upload, which then leaves nothing behind. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * With four parts at a time, 32 MiB are in memory. S3 allows 10,000 parts, which makes 78 GiB. The
 * emulator of S3 refuses parts over 11 MiB.
 */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_AT_A_TIME = 4;
/** Lines are joined into chunks of this size, because a chunk a request would be slow. */
const CHUNK_LENGTH = 64 * 1024;

export async function fileContent(path: string): Promise<Content> {
  const { size: bytes } = await stat(path);
  return { stream: createReadStream(path), bytes };
}

/** The requests as lines of JSON. */
function requestsContent(requests: AsyncIterable<object> | Iterable<object>): Content {
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

/** Uploads in parts, in constant memory. The object appears complete or not at all. */
export async function upload(
  client: S3Client,
  { bucket, key }: ObjectRef,
  { stream, bytes }: Content,
  { onProgress, signal }: UploadOptions = {},
): Promise<void> {
  signal?.throwIfAborted();
  const uploading = new Upload({
    client,
    partSize: PART_BYTES,
    queueSize: PARTS_AT_A_TIME,
    params: { Bucket: bucket, Key: key, Body: stream },
  });
  uploading.on('httpUploadProgress', ({ loaded }) => onProgress?.(loaded ?? 0, bytes));
  const abort = (): void => void uploading.abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await uploading.done();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    stream.destroy();
  }
}

/** A longer first line is left for the inspection. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/**
 * Checks that the file is JSONL by its first line that is not blank. Everything else is left for the
 * inspection, which ends the batch with all its reasons.
 *
 * @throws ClientError `invalid_input` that names the file and what is wrong with it
 */
export async function checkFile(path: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw invalid(error.code === 'ENOENT' ? `${path}: no such file` : `${path}: ${error.message}`);
  });
  if (!found.isFile()) throw invalid(`${path}: not a file`);
  const line = await firstLine(path).catch((error: NodeJS.ErrnoException) => {
    throw invalid(`${path}: cannot be read: ${error.message}`);
  });
  if (line !== undefined && !isObject(tryParseJson(line)))
    throw invalid(
      `${path}: not JSONL: its first line is not a JSON object but ${JSON.stringify(line.slice(0, 40))}`,
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
