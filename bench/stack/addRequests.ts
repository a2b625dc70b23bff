import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Clients } from '../../local/emulators/emulators.ts';
import { sendBatchMessage } from '../../shared/aws/queues.ts';
import { uploadKey } from '../../shared/batch/ids.ts';

/**
 * Adds a batch as any user of the stack would: the file into the bucket, a message into the queue.
 *
 * @returns when the message was sent, in milliseconds since 1970
 */
export async function addRequests(
  { s3, sqs }: Pick<Clients, 's3' | 'sqs'>,
  { bucket, queueUrl }: { readonly bucket: string; readonly queueUrl: string },
  batchId: string,
  requests: Buffer,
): Promise<number> {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: uploadKey(batchId), Body: requests }));
  const sentAt = Date.now();
  await sendBatchMessage(sqs, queueUrl, { batchId });
  return sentAt;
}
