import type { Source } from '../../batch/batch.ts';
import { refusal } from '../../batch/errors.ts';
import { INBOX_PREFIX, objectKey, uploadKey } from '../../batch/identifiers.ts';
import { type AddMessage, parseS3Url } from '../../batch/messages.ts';
import type { Dependencies } from '../dependencies.ts';
import { writeWhole } from '../writeWhole.ts';

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
    // Each delivery writes the same bytes to the same key: repeating it changes nothing.
    const key = objectKey(batchId, messageId, 'requests.jsonl');
    const lines = requests.map((line) => `${JSON.stringify(line)}\n`).join('');
    return { bucket: objects.bucket, key, etag: await writeWhole(objects, key, lines) };
  }
  const object = file ? parseS3Url(file) : { bucket: objects.bucket, key: uploadKey(batchId) };
  const url = `s3://${object.bucket}/${object.key}`;
  if (object.bucket === objects.bucket && object.key.startsWith(INBOX_PREFIX)) {
    const text = `${url} is in the inbox, whose files no message names: use uploads/`;
    throw refusal('source_not_readable', text);
  }
  const head = await objects.head(object);
  if (head) return { ...object, etag: head.etag };
  throw refusal('no_such_file', `there is no object ${url}: upload the file, then send this again`);
}
