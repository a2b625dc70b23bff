import { HeadObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { refusal } from '../batch/errors.ts';
import type { ObjectRef } from '../batch/ports.ts';
import { urlOf } from './objectUrl.ts';

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
