import { sendBatchMessage } from '../aws/batchMessages.ts';
import { uploadKey } from '../batch/identifiers.ts';
import { type AddMessageInput, addMessageSchema } from '../batch/messages.ts';
import { checkFile } from './checkFile.ts';
import { ClientError } from './clientError.ts';
import type { Connection } from './connection.ts';
import { freshBatchId } from './freshBatchId.ts';
import type { Sent } from './refusal.ts';
import {
  type Content,
  fileContent,
  requestsContent,
  type UploadOptions,
  upload,
} from './upload.ts';

/** A batch to add: what a message may hold, with where its requests are. */
export interface NewBatch
  extends Omit<AddMessageInput, 'action' | 'schemaVersion' | 'file' | 'requests'> {
  /** Path of a JSONL file on this machine, or `s3://bucket/key` in a bucket the handler may read. */
  readonly file?: string | undefined;
  /** The requests themselves instead, as lines of a batch file. */
  readonly requests?: AsyncIterable<object> | Iterable<object> | undefined;
}

/**
 * Uploads what is not in S3 yet and sends the message that adds the batch.
 *
 * @throws ClientError for what the handler would refuse, as far as that can be known here
 */
export async function addBatch(
  connection: Connection,
  { file, requests, ...fields }: NewBatch,
  options: UploadOptions = {},
): Promise<Sent> {
  const { handler, batches, sqs, s3 } = connection;
  const { bucket, batchQueue } = handler.resources;
  if ((file === undefined) === (requests === undefined))
    throw new ClientError('invalid_input', 'give either a file or requests');
  const isInS3 = file?.startsWith('s3://') ?? false;
  const batchId = fields.batchId ?? freshBatchId(file ?? 'batch');
  const message: AddMessageInput = { ...fields, batchId, ...(isInS3 ? { file } : {}) };
  check(message, handler.providers);
  if (file !== undefined && !isInS3) await checkFile(file);

  const existing = await batches.get(batchId);
  if (existing !== undefined)
    throw new ClientError(
      'batch_exists',
      `batch ${batchId} exists already, and is ${existing.status}: choose another id`,
    );
  if (!isInS3) {
    const content: Content = requests ? requestsContent(requests) : await fileContent(file ?? '');
    await upload(s3, { bucket, key: uploadKey(batchId) }, content, options);
  }
  options.signal?.throwIfAborted();
  return { batchId, messageId: await sendBatchMessage(sqs, batchQueue, message) };
}

function check(message: AddMessageInput, entries: readonly string[]): void {
  const parsed = addMessageSchema.safeParse(message);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message: text }) => {
      const value = message[path[0] as keyof AddMessageInput];
      return `${path.join('.')}: ${text}, not ${JSON.stringify(value)}`;
    });
    throw new ClientError('invalid_input', issues.join('; '));
  }
  const { provider, providers = [] } = message;
  const unknown = [provider ?? [], providers].flat().filter((name) => !entries.includes(name));
  if (unknown.length > 0)
    throw new ClientError(
      'invalid_input',
      `the deployment has no provider ${unknown.join(', ')}: use one of ${entries.join(', ')}`,
    );
}
