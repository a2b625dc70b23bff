import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { messageOf } from '../batch/errors.ts';
import type { ByteRange, ObjectRef } from '../batch/ports.ts';

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
