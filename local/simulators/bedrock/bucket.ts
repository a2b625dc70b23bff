import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { objectWriter } from '../../../shared/aws/objectWriter.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../../template/account.ts';

/** The buckets that jobs read and write, by `s3://` URI. */
export interface Buckets {
  read(uri: string): Promise<Readable>;
  /** Streams a file of any size into an object. */
  write(uri: string, path: string): Promise<void>;
  close(): void;
}

export function connectBuckets(endpoint: string): Buckets {
  const s3 = new S3Client({
    endpoint,
    region: LOCAL_REGION,
    credentials: LOCAL_CREDENTIALS,
    forcePathStyle: true,
  });
  return {
    async read(uri) {
      const { Body } = await s3.send(new GetObjectCommand(objectOf(uri)));
      return Body as Readable;
    },
    async write(uri, path) {
      const { Bucket: bucket, Key: key } = objectOf(uri);
      const writer = objectWriter(s3, { bucket, key });
      try {
        for await (const chunk of createReadStream(path)) await writer.write(chunk);
        await writer.close();
      } catch (error) {
        await writer.abort();
        throw error;
      }
    },
    close: () => s3.destroy(),
  };
}

function objectOf(uri: string): { Bucket: string; Key: string } {
  const [, Bucket = '', Key = ''] = /^s3:\/\/([^/]+)\/(.*)$/.exec(uri) ?? [];
  return { Bucket, Key };
}
