import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { ObjectRef } from '../batch/ports.ts';

/**
 * Signs URLs by which anybody can read one object for some time, with the credentials of the client.
 * Nothing is sent to S3: a URL of an object that does not exist, or must not be read, answers that.
 */
export function presigner(
  client: S3Client,
): (object: ObjectRef, options: { readonly seconds: number }) => Promise<string> {
  return ({ bucket: Bucket, key: Key }, { seconds: expiresIn }) => {
    // Users write what is in the object: a browser must save it, and never show it as a page.
    const command = new GetObjectCommand({ Bucket, Key, ResponseContentDisposition: 'attachment' });
    return getSignedUrl(client, command, { expiresIn });
  };
}
