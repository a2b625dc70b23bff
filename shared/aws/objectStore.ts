import { DeleteObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { refusal } from '../batch/errors.ts';
import { type OwnPlace, ownObject } from '../batch/ids.ts';
import { s3Url } from '../batch/messages.ts';
import type { ObjectStore, ObjectWriter } from '../batch/ports.ts';
import { type CopyLimits, copyObject } from './objectCopy.ts';
import { headObject, readObject } from './objectRead.ts';
import { objectWriter } from './objectWrite.ts';

/** Has what is optional in the port. */
export interface RealObjectStore extends Required<ObjectStore> {
  writer(key: string): Required<ObjectWriter>;
}

/**
 * The handler's bucket, and read access to other buckets.
 *
 * @param names.prefix what the keys of the handler's objects begin with; default: nothing
 * @param names.inputBuckets the other buckets that a message's `file` can be in
 * @param copyLimits default: S3's limits
 */
export function realObjectStore(
  client: S3Client,
  names: OwnPlace & { readonly inputBuckets: readonly string[] },
  copyLimits?: CopyLimits,
): RealObjectStore {
  const { bucket, prefix = '' } = names;
  const readable = [bucket, ...names.inputBuckets];

  function checkReadable(object: { bucket: string; key: string }): void {
    if (readable.includes(object.bucket)) return;
    throw refusal(
      'bucket_not_allowed',
      `${s3Url(object)} is in bucket ${object.bucket}, which the handler must not read: use ${readable.join(' or ')}, or add it to the input buckets and deploy`,
    );
  }

  return {
    bucket,
    prefix,
    async head(object) {
      checkReadable(object);
      return headObject(client, object);
    },
    async copy(source, key) {
      checkReadable(source);
      await copyObject(client, source, ownObject(names, key), copyLimits);
    },
    read: (key, range) => readObject(client, ownObject(names, key), range),
    writer(key) {
      const writer = objectWriter(client, ownObject(names, key));
      return {
        ...writer,
        append: ({ key, ...head }) => writer.append(ownObject(names, key), head),
      };
    },
    async remove(key) {
      const { bucket: Bucket, key: Key } = ownObject(names, key);
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
    },
  };
}
