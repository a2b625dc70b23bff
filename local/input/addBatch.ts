import { sendBatchMessage } from '../../shared/aws/batchMessages.ts';
import { uploadKey } from '../../shared/batch/identifiers.ts';
import { fileContent, upload } from '../../shared/client/upload.ts';
import type { Clients } from '../emulators/clients.ts';

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
  await upload(s3, { bucket, key: uploadKey(batchId) }, await fileContent(file));
  return sendBatchMessage(sqs, queueUrl, { batchId });
}
