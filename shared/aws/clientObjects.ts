import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { type ClientObjects, UPLOAD_PART_BYTES } from '../batch/clientPorts.ts';
import { type OwnPlace, ownObject } from '../batch/ids.ts';
import { s3Url } from '../batch/messages.ts';
import { headObject, readObject } from './objectRead.ts';

/** With these, 32 MiB are in memory. */
const PARTS_AT_A_TIME = 4;

/** The objects in S3, as a client reads and uploads them with its own credentials. */
export function realClientObjects(client: S3Client, place: OwnPlace): ClientObjects {
  return {
    ...place,
    head: (object) => headObject(client, object),
    read: (object, range) => readObject(client, object, range),
    locationOf: s3Url,
    async upload(key, content, { onProgress, signal } = {}) {
      signal?.throwIfAborted();
      const object = ownObject(place, key);
      const uploading = new Upload({
        client,
        partSize: UPLOAD_PART_BYTES,
        queueSize: PARTS_AT_A_TIME,
        params: { Bucket: object.bucket, Key: object.key, Body: streamOf(content) },
      });
      uploading.on('httpUploadProgress', ({ loaded }) => onProgress?.(loaded ?? 0));
      const abort = (): void => void uploading.abort();
      signal?.addEventListener('abort', abort, { once: true });
      try {
        await uploading.done();
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      } finally {
        signal?.removeEventListener('abort', abort);
      }
    },
  };
}

function streamOf(content: AsyncIterable<Uint8Array>): Readable {
  return content instanceof Readable ? content : Readable.from(content);
}
