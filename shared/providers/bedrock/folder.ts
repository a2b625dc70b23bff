import { DeleteObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { CLEAN_UP_DEADLINE_MS } from '../http.ts';
import { folderOf, objectListSchema } from './api.ts';
import { classify } from './errors.ts';

/** Times of objects are cut to whole seconds. */
const SECOND_MS = 1000;

/**
 * Deletes the objects of a submission: its input, its output and the manifest. What is not there
 * needs no deleting.
 *
 * @param since objects that are older stay; milliseconds since 1970
 */
export async function deleteFolder(
  s3: S3Client,
  bucket: string,
  key: string,
  since: number,
): Promise<void> {
  const options = { abortSignal: AbortSignal.timeout(CLEAN_UP_DEADLINE_MS) };
  try {
    let token: string | undefined;
    do {
      const page: unknown = await s3.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: folderOf(key),
          ContinuationToken: token,
        }),
        options,
      );
      const { Contents: objects, NextContinuationToken: next } = objectListSchema.parse(page);
      for (const { Key, LastModified } of objects)
        if (LastModified.getTime() + SECOND_MS > since)
          await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }), options);
      token = next ?? undefined;
    } while (token !== undefined);
  } catch (error) {
    throw classify(error, 'read');
  }
}
