import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
  type UploadPartCopyCommandInput,
} from '@aws-sdk/client-s3';
import type { ByteRange, ObjectRef, ObjectWriter } from '../batch/ports.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { readObject } from './objectRead.ts';

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

/** Names the source of a copy. Its key is encoded, except for the slashes. */
export function copySourceOf({ bucket, key }: ObjectRef): string {
  return `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
}

/**
 * S3 accepts 10,000 parts, and only the last may be smaller than this:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
 */
const MIN_PART_BYTES = 5 * 1024 * 1024;
/** Parts of this size allow for objects of 78 GiB. */
const PART_BYTES = 8 * 1024 * 1024;

/** A writer of S3. It appends from any bucket. */
export interface S3Writer extends Omit<ObjectWriter, 'append'> {
  /** @param source of at most 5 GiB, which is what S3 copies at once */
  append(source: ObjectRef, head: { readonly bytes: number; readonly etag: string }): Promise<void>;
}

/**
 * Writes an object through two buffers that take turns: one fills while the other is uploaded. An
 * object that fits into one buffer is a single PUT. Each call must be awaited before the next.
 */
export function objectWriter(client: S3Client, object: ObjectRef): S3Writer {
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
    if (!full || filled === 0) return;
    sending = multipart.upload(full.subarray(0, filled));
    // The next `await sending` throws its failure.
    sending.catch(() => {});
    [filling, spare, filled] = [spare, full, 0];
  }

  async function write(chunk: Uint8Array): Promise<void> {
    for (let offset = 0; offset < chunk.length; ) {
      if (filled === PART_BYTES) await sendPart();
      // Not zeroed and not from the pool: pages that stay empty cost nothing.
      filling ??= Buffer.allocUnsafeSlow(PART_BYTES);
      const part = chunk.subarray(offset, offset + PART_BYTES - filled);
      filling.set(part, filled);
      filled += part.length;
      offset += part.length;
    }
  }

  async function writeRange(source: ObjectRef, range: ByteRange): Promise<void> {
    if (range.start === range.end) return;
    for await (const chunk of readObject(client, source, range)) await write(chunk);
  }

  return {
    write,
    async append(source, { bytes, etag }) {
      // What was written before becomes a part, which takes the bytes from the source that it lacks.
      const lacking = filled === 0 ? 0 : Math.max(0, MIN_PART_BYTES - filled);
      // Too little would be left for a part of its own, which may not be the last.
      if (bytes - lacking < MIN_PART_BYTES) return writeRange(source, { start: 0, end: bytes });
      await writeRange(source, { start: 0, end: lacking });
      await sendPart();
      await sending;
      await (await starting)?.copy({
        CopySource: copySourceOf(source),
        CopySourceIfMatch: etag,
        CopySourceRange: `bytes=${lacking}-${bytes - 1}`,
      });
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
