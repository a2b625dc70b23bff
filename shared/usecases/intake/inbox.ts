import { createHash } from 'node:crypto';
import { type Reason, RefusedError } from '../../batch/errors.ts';
import { INBOX_PREFIX, rejectionKey } from '../../batch/ids.ts';
import { addMessageSchema, type InboxMessage } from '../../batch/messages.ts';
import type { Source } from '../../batch/record.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';
import { writeWhole } from '../smallObjects.ts';
import { add } from './add.ts';

/** With a dash and the hash, it stays within the 100 characters of a batch id. */
const MAX_NAME_LENGTH = 60;
const HASH_LENGTH = 32;

/**
 * Makes a batch of a file that was put into the inbox. Its id follows from the file's key and
 * ETag, so that an event that comes twice or late changes nothing.
 */
export async function addFromInbox(
  dependencies: Dependencies,
  { key, etag }: InboxMessage,
  messageId: string,
): Promise<void> {
  const { objects, log } = dependencies;
  const object = { bucket: objects.bucket, key };
  const head = await objects.head(object);
  if (!head) return log.info('nothing to do: the file is gone from the inbox', { key });
  // The newer file has an event of its own.
  if (plainEtag(head.etag) !== etag)
    return log.info('nothing to do: the file was overwritten in the inbox', { key });
  const source = { ...object, etag: head.etag };
  try {
    const provider = folderOf(key);
    const batchId = inboxBatchId(key, etag);
    const message = addMessageSchema.parse({ batchId, provider });
    await add(dependencies, message, messageId, source);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    await reject(dependencies, source, error);
  }
}

/** The file beside it is the answer to a person: nobody sent a message that could be put aside. */
async function reject(
  dependencies: Dependencies,
  source: Source,
  { reason }: RefusedError,
): Promise<void> {
  const { log, metrics } = dependencies;
  log.warn('file of the inbox refused', { key: source.key, reason });
  metrics.count(METRICS.refused, 1);
  await rejectFromInbox(dependencies, source, { reasons: [reason] });
}

/** The first folder names a provider entry; without one, the default takes the file. */
function folderOf(key: string): string | undefined {
  const [folder, ...rest] = key.slice(INBOX_PREFIX.length).split('/');
  return rest.length > 0 ? folder : undefined;
}

/** The name of the file, for people, and a hash of where and what it is. */
function inboxBatchId(key: string, etag: string): string {
  const file = key.slice(key.lastIndexOf('/') + 1, -'.jsonl'.length);
  const name = file
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, MAX_NAME_LENGTH);
  const hash = createHash('sha256').update(`${key}\n${etag}`).digest('hex');
  return `${name || 'inbox'}-${hash.slice(0, HASH_LENGTH)}`;
}

interface Rejected {
  readonly reasons: readonly Reason[];
  /** Of the batch, where one was made of the file. */
  readonly batchId?: string;
  /** Where all reasons are. */
  readonly errorsKey?: string | undefined;
}

/**
 * Says beside a file of the inbox why it was refused, for whoever put it there and sees no queue
 * and no record. Does nothing for a file that is elsewhere.
 */
export async function rejectFromInbox(
  { objects, clock }: Pick<Dependencies, 'objects' | 'clock'>,
  { bucket, key, etag }: Source,
  { reasons, batchId, errorsKey }: Rejected,
): Promise<void> {
  if (bucket !== objects.bucket || !key.startsWith(INBOX_PREFIX)) return;
  const rejection = {
    ...reasons[0],
    at: new Date(clock.now()).toISOString(),
    // Another file may have been put in its place since.
    etag: plainEtag(etag),
    batchId,
    reasons,
    errorsKey,
  };
  await writeWhole(objects, rejectionKey(key), `${JSON.stringify(rejection, null, 2)}\n`);
}

/** As S3's events have it, and not as its headers do. */
export function plainEtag(etag: string): string {
  return etag.replaceAll('"', '');
}
