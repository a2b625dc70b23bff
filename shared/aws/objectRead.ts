import {
  GetObjectCommand,
  HeadObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { messageOf, refusal } from '../batch/errors.ts';
import { MAX_KEY_BYTES } from '../batch/ids.ts';
import { s3Url } from '../batch/messages.ts';
import type { ByteRange, ObjectRef } from '../batch/ports.ts';

/**
 * Reads the size in bytes and the ETag of an object.
 *
 * @returns undefined if there is no such object
 * @throws RefusedError if S3 does not allow us to read it
 */
export async function headObject(
  client: S3Client,
  object: ObjectRef,
): Promise<{ bytes: number; etag: string } | undefined> {
  // S3 would answer with status 400, which also means expired credentials.
  if (Buffer.byteLength(object.key) > MAX_KEY_BYTES)
    throw refusal('key_too_long', `${s3Url(object)} has a key of over ${MAX_KEY_BYTES} bytes`);
  try {
    const head = await client.send(
      new HeadObjectCommand({ Bucket: object.bucket, Key: object.key }),
    );
    return { bytes: head.ContentLength ?? 0, etag: head.ETag ?? '' };
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error;
    const { httpStatusCode: status = 0 } = error.$metadata;
    if (status === 404) return undefined;
    const fix = FIXES[status];
    if (fix === undefined) throw error;
    // The response to a HEAD has no body, so there is nothing but the status.
    throw refusal(
      'source_not_readable',
      `S3 refuses ${s3Url(object)} with status ${status}: ${fix}`,
    );
  }
}

const FIXES: Readonly<Record<number, string>> = {
  301: 'its bucket is in another region: copy the file into a bucket of this one',
  // S3 answers 403 for a key that does not exist, too, if we may not list the bucket.
  403: 'check that it exists and that s3:GetObject and s3:ListBucket are allowed on its bucket',
};

/** Broken connections in a row, without a byte in between, after which the read fails. */
const MAX_BREAKS = 3;

/**
 * Streams an object, or a range of it. S3 cuts the connection of a slow reader sooner or later: the
 * read resumes at the byte where it broke, if the object has not changed. The bytes are counted
 * against the object's size, so that a stream is complete or throws.
 */
export async function* readObject(
  client: S3Client,
  object: ObjectRef,
  range?: ByteRange,
): AsyncIterable<Uint8Array> {
  const { bucket: Bucket, key: Key } = object;
  const start = range?.start ?? 0;
  const last = range === undefined ? '' : range.end - 1;
  const from = (offset: number) => `bytes=${start + offset}-${last}`;
  const first = await client.send(
    new GetObjectCommand({ Bucket, Key, ...(range && { Range: from(0) }) }),
  );
  const { ETag: IfMatch, ContentLength: total } = first;
  let body = first.Body as AsyncIterable<Uint8Array> | undefined;
  let offset = 0;
  for (let breaks = 0; ; ) {
    try {
      for await (const chunk of body ?? []) {
        offset += chunk.length;
        breaks = 0;
        yield chunk;
      }
      if (total === undefined || offset === total) return;
      throw new Error('the stream ended early');
    } catch (error) {
      breaks += 1;
      // After the last byte, only a wrong checksum can fail.
      if (breaks > MAX_BREAKS || total === undefined || offset >= total) {
        const text = `s3://${Bucket}/${Key} broke off at byte ${offset} of ${total}: ${messageOf(error)}`;
        throw new Error(text, { cause: error });
      }
    }
    const rest = { Bucket, Key, IfMatch, Range: from(offset) };
    body = (await client.send(new GetObjectCommand(rest))).Body as AsyncIterable<Uint8Array>;
  }
}
