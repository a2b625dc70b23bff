import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { ObjectRef } from '../batch/ports.ts';

/** What goes into an object, and how many bytes that is, where it is known. */
export interface Content {
  readonly stream: Readable;
  readonly bytes?: number | undefined;
}

export interface UploadOptions {
  /** Bytes that are in, after every part; `total` where it is known. */
  readonly onProgress?: ((bytes: number, total: number | undefined) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** With four under way, 32 MB are held. S3 takes 10,000 parts: 78 GiB. Its emulator refuses over 11 MiB. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_AT_A_TIME = 4;
/** A request at a time would cost more than its bytes. */
const CHUNK_LENGTH = 64 * 1024;

export async function fileContent(path: string): Promise<Content> {
  const { size: bytes } = await stat(path);
  return { stream: createReadStream(path), bytes };
}

/** Requests as lines. */
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

/** Uploads in parts, in constant memory. The object appears whole, or not at all. */
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
