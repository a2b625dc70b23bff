import { createReadStream } from 'node:fs';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { Upload } from '@aws-sdk/lib-storage';
import { uploadKey } from '../../shared/batch/identifiers.ts';
import type { AddMessageInput } from '../../shared/batch/messages.ts';
import type { Clients } from '../emulators/clients.ts';

/** The S3 emulator refuses parts above 11 MiB. */
const PART_BYTES = 8 * 1024 * 1024;

/**
 * Adds a batch as any user of the stack would: the file into the bucket, a message into the queue.
 *
 * @returns the id of the message
 */
export async function addBatch(
  { s3, sqs }: Pick<Clients, 's3' | 'sqs'>,
  { bucket, queueUrl }: { readonly bucket: string; readonly queueUrl: string },
  { batchId, file }: { readonly batchId: string; readonly file: string },
): Promise<string> {
  await new Upload({
    client: s3,
    partSize: PART_BYTES,
    queueSize: 2,
    params: { Bucket: bucket, Key: uploadKey(batchId), Body: createReadStream(file) },
  }).done();
  const message: AddMessageInput = { batchId };
  const { MessageId: messageId } = await sqs.send(
    new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(message) }),
  );
  if (messageId === undefined) throw new Error(`the message that adds ${batchId} got no id`);
  return messageId;
}
