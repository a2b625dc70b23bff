import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
  type UploadPartCopyCommandInput,
} from '@aws-sdk/client-s3';
import type { ObjectRef } from '../batch/ports.ts';
import { unsignedPayload } from './unsignedPayload.ts';

/** An object made of parts, which appears with `complete` or not at all. Parts in order. */
export interface Multipart {
  upload(bytes: Uint8Array): Promise<void>;
  copy(source: CopySource): Promise<void>;
  complete(): Promise<{ etag: string }>;
  abort(): Promise<void>;
}
type CopySource = Pick<
  UploadPartCopyCommandInput,
  'CopySource' | 'CopySourceIfMatch' | 'CopySourceRange'
>;

/** Said with every call: S3 completes an upload only under the algorithm that it was begun with. */
const CHECKSUM = { ChecksumAlgorithm: 'CRC32' } as const;

export async function startMultipart(client: S3Client, object: ObjectRef): Promise<Multipart> {
  const target = { Bucket: object.bucket, Key: object.key };
  const begun = await client.send(new CreateMultipartUploadCommand({ ...target, ...CHECKSUM }));
  const upload = { ...target, UploadId: begun.UploadId };
  const parts: CompletedPart[] = [];

  const add = (part: { ETag?: string | undefined; ChecksumCRC32?: string | undefined }) => {
    const { ETag, ChecksumCRC32 } = part;
    parts.push({
      PartNumber: parts.length + 1,
      ETag,
      ...(ChecksumCRC32 === undefined ? {} : { ChecksumCRC32 }),
    });
  };

  return {
    async upload(bytes) {
      const part = { ...upload, ...CHECKSUM, PartNumber: parts.length + 1, Body: bytes };
      add(await client.send(unsignedPayload(new UploadPartCommand(part))));
    },
    async copy(source) {
      const part = { ...upload, ...source, PartNumber: parts.length + 1 };
      const { CopyPartResult: result } = await client.send(new UploadPartCopyCommand(part));
      add(result ?? {});
    },
    async complete() {
      const { ETag: etag = '' } = await client.send(
        new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }),
      );
      return { etag };
    },
    async abort() {
      await client.send(new AbortMultipartUploadCommand(upload));
    },
  };
}
