import { CopyObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { refusal } from '../batch/errors.ts';
import { s3Url } from '../batch/messages.ts';
import type { ObjectRef } from '../batch/ports.ts';
import { headObject } from './objectRead.ts';
import { copySourceOf, startMultipart } from './objectWrite.ts';

export interface CopyLimits {
  /** Largest object for a single call. */
  readonly singleBytes: number;
  readonly partBytes: number;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const LIMITS: CopyLimits = { singleBytes: 5 * 1024 ** 3, partBytes: 1024 ** 3 };

/**
 * Copies an object within S3 if it still has this ETag.
 *
 * @throws RefusedError if it is gone, has changed or may not be read
 */
export async function copyObject(
  client: S3Client,
  source: ObjectRef & { readonly etag: string },
  target: ObjectRef,
  limits: CopyLimits = LIMITS,
): Promise<void> {
  const head = await headObject(client, source);
  if (!head) throw gone(source);
  if (head.etag !== source.etag) throw changed(source);
  const copySource = {
    CopySource: copySourceOf(source),
    CopySourceIfMatch: source.etag,
  };
  try {
    if (head.bytes > limits.singleBytes)
      return await copyParts(client, copySource, head.bytes, target, limits.partBytes);
    await client.send(
      new CopyObjectCommand({
        ...copySource,
        Bucket: target.bucket,
        Key: target.key,
        // Otherwise S3 copies the tags, which takes one more permission on the source.
        TaggingDirective: 'REPLACE',
      }),
    );
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error;
    const status = error.$metadata.httpStatusCode;
    if (status === 412) throw changed(source);
    if (error.name === 'NoSuchKey') throw gone(source);
    if (status === 403)
      throw refusal(
        'source_not_readable',
        `S3 refuses to copy ${s3Url(source)} (${error.name}): allow s3:GetObject on it, and kms:Decrypt if it is encrypted with a key; restore it if it is archived`,
      );
    throw error;
  }
}

async function copyParts(
  client: S3Client,
  source: { CopySource: string; CopySourceIfMatch: string },
  bytes: number,
  target: ObjectRef,
  partBytes: number,
): Promise<void> {
  const multipart = await startMultipart(client, target);
  try {
    for (let start = 0; start < bytes; start += partBytes) {
      const end = Math.min(start + partBytes, bytes) - 1;
      await multipart.copy({ ...source, CopySourceRange: `bytes=${start}-${end}` });
    }
    await multipart.complete();
  } catch (error) {
    // If this fails, the bucket's lifecycle rule removes the unfinished upload.
    await multipart.abort().catch(() => {});
    throw error;
  }
}

function gone(source: ObjectRef) {
  return refusal(
    'source_gone',
    `${s3Url(source)} was deleted after the batch was added: upload it again and add it under a new batchId`,
  );
}

function changed(source: ObjectRef) {
  return refusal(
    'source_changed',
    `${s3Url(source)} has changed since the batch was added: add it again under a new batchId`,
  );
}
