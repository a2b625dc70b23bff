import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
  UploadPartCommand,
  UploadPartCopyCommand,
  type UploadPartCopyCommandInput,
} from '@aws-sdk/client-s3';
import { refusal } from '../batch/errors.ts';
import { s3Url } from '../batch/messages.ts';
import type { ObjectRef, ObjectWriter } from '../batch/ports.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { headObject } from './objectRead.ts';

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
    CopySource: `${source.bucket}/${source.key.split('/').map(encodeURIComponent).join('/')}`,
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

/** An object that is uploaded in parts, one after the other. It appears with `complete` or not at all. */
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

/** Sent with every call: S3 completes an upload only with the algorithm that it was begun with. */
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
      ...omitUndefined({ ChecksumCRC32 }),
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

/** S3 accepts 10,000 parts of at least 5 MiB. Parts of this size allow for objects of 78 GiB. */
const PART_BYTES = 8 * 1024 * 1024;

/**
 * Writes an object through two buffers that take turns: one fills while the other is uploaded. An
 * object that fits into one buffer is a single PUT. Each call must be awaited before the next.
 */
export function objectWriter(client: S3Client, object: ObjectRef): ObjectWriter {
  let filling: Buffer | undefined;
  let spare: Buffer | undefined;
  let filled = 0;
  let starting: Promise<Multipart> | undefined;
  let sending: Promise<void> = Promise.resolve();

  async function sendPart(): Promise<void> {
    await sending;
    starting ??= startMultipart(client, object);
    const multipart = await starting;
    const full = filling;
    if (!full) return;
    sending = multipart.upload(full.subarray(0, filled));
    // The next `await sending` throws its failure.
    sending.catch(() => {});
    [filling, spare, filled] = [spare, full, 0];
  }

  return {
    async write(chunk) {
      for (let offset = 0; offset < chunk.length; ) {
        if (filled === PART_BYTES) await sendPart();
        // Not zeroed and not from the pool: pages that stay empty cost nothing.
        filling ??= Buffer.allocUnsafeSlow(PART_BYTES);
        const part = chunk.subarray(offset, offset + PART_BYTES - filled);
        filling.set(part, filled);
        filled += part.length;
        offset += part.length;
      }
    },
    async close() {
      if (!starting) {
        const body = filling?.subarray(0, filled) ?? Buffer.alloc(0);
        const put = { Bucket: object.bucket, Key: object.key, Body: body };
        const { ETag: etag = '' } = await client.send(unsignedPayload(new PutObjectCommand(put)));
        return { etag };
      }
      await sendPart();
      await sending;
      return (await starting).complete();
    },
    async abort() {
      filling = spare = undefined;
      try {
        // A part that arrives after the abort would stay, and be charged for.
        await sending.catch(() => {});
        await (await starting)?.abort();
      } catch {
        // The caller has an error of its own to throw; the bucket's lifecycle rule removes what is left.
      }
    },
  };
}

/**
 * Signs the command without a digest of the body. TLS and the checksum that S3 verifies protect the
 * body, and a second digest would cost as much CPU time as everything else done with the bytes.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function unsignedPayload<Command extends PutObjectCommand | UploadPartCommand>(
  command: Command,
): Command {
  // Both commands have this stack; the cast is needed because their types do not show that.
  (command as UploadPartCommand).middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
      return next(args);
    },
    { step: 'build', name: 'unsignedPayload' },
  );
  return command;
}
