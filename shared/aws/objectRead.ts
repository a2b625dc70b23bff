import {
  GetObjectCommand,
  HeadObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { messageOf, refusal } from '../batch/errors.ts';
import type { ByteRange, ObjectRef } from '../batch/ports.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const MAX_KEY_BYTES = 1024;

/**
 * Size in bytes and ETag; undefined if there is no such object.
 *
 * @throws RefusedError if S3 does not let us read it
 */
export async function headObject(
  client: S3Client,
  object: ObjectRef,
): Promise<{ bytes: number; etag: string } | undefined> {
  // S3 would answer 400, as it does to expired credentials.
  if (Buffer.byteLength(object.key) > MAX_KEY_BYTES)
    throw refusal('key_too_long', `${urlOf(object)} has a key of over ${MAX_KEY_BYTES} bytes`);
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
    // The answer to a HEAD has no body, so the status is all that S3 says.
    throw refusal(
      'source_not_readable',
      `S3 refuses ${urlOf(object)} with status ${status}: ${fix}`,
    );
  }
}

const FIXES: Readonly<Record<number, string>> = {
  301: 'its bucket is in another region: copy the file into a bucket of this one',
  // S3 says 403 also of a key that is not there, to those who may not list the bucket.
  403: 'check that it exists and that s3:GetObject and s3:ListBucket are allowed on its bucket',
};

/** Breaks in a row, without one byte in between, until the reading fails. */
const MAX_BREAKS = 3;

/**
 * Streams an object, or a range of it. A connection that breaks is taken up again where it broke, if the object is
 * still the same: a slow reader's connection is cut, sooner or later. What is read is counted
 * against the object's size, so that it is whole or an error.
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
    new GetObjectCommand({ Bucket, Key, ...(range === undefined ? {} : { Range: from(0) }) }),
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
      // A failure after the last byte is a wrong checksum.
      if (breaks > MAX_BREAKS || total === undefined || offset >= total) {
        const text = `s3://${Bucket}/${Key} broke off at byte ${offset} of ${total}: ${messageOf(error)}`;
        throw new Error(text, { cause: error });
      }
    }
    const rest = { Bucket, Key, IfMatch, Range: from(offset) };
    body = (await client.send(new GetObjectCommand(rest))).Body as AsyncIterable<Uint8Array>;
  }
}

export function urlOf({ bucket, key }: ObjectRef): string {
  return `s3://${bucket}/${key}`;
}
