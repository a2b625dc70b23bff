import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectRef, ObjectWriter } from '../batch/ports.ts';
import { type Multipart, startMultipart } from './multipart.ts';
import { unsignedPayload } from './unsignedPayload.ts';

/** S3 takes 10,000 parts of at least 5 MiB: this allows for objects of 78 GiB. */
const PART_BYTES = 8 * 1024 * 1024;

/**
 * Writes an object through two buffers that take turns: one fills while the other is on its way.
 * What fits into one is a single PUT. Calls must follow one another.
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
    // Its failure is met by whoever awaits it next.
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
        // A part that lands after the abort would stay, and be paid for.
        await sending.catch(() => {});
        await (await starting)?.abort();
      } catch {
        // Whoever aborts has an error of its own to tell; the bucket's rule for unfinished uploads
        // removes what is left.
      }
    },
  };
}
