import type { Source } from '../../batch/batch.ts';
import { refusal } from '../../batch/errors.ts';
import { objectKey, uploadKey } from '../../batch/identifiers.ts';
import { type AddMessage, parseS3Url } from '../../batch/messages.ts';
import type { Dependencies } from '../dependencies.ts';

/** The object that holds the batch's requests, as it is now. */
export async function sourceOf(
  { objects }: Pick<Dependencies, 'objects'>,
  { file, requests }: AddMessage,
  batchId: string,
  messageId: string,
): Promise<Source> {
  if (file !== undefined && requests !== undefined) {
    throw refusal('invalid_message', 'give either "file" or "requests", not both');
  }
  if (requests) {
    const key = objectKey(batchId, messageId, 'requests.jsonl');
    return { bucket: objects.bucket, key, etag: await write(objects, key, requests) };
  }
  const object = file ? parseS3Url(file) : { bucket: objects.bucket, key: uploadKey(batchId) };
  const head = await objects.head(object);
  if (head) return { ...object, etag: head.etag };
  const url = `s3://${object.bucket}/${object.key}`;
  throw refusal('no_such_file', `there is no object ${url}: upload the file, then send this again`);
}

/** Each delivery of a message writes the same bytes to the same key: repeating it changes nothing. */
async function write(
  objects: Dependencies['objects'],
  key: string,
  requests: readonly object[],
): Promise<string> {
  const writer = objects.writer(key);
  try {
    await writer.write(Buffer.from(requests.map((line) => `${JSON.stringify(line)}\n`).join('')));
    return (await writer.close()).etag;
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
