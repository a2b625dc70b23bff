import { createHash } from 'node:crypto';
import { type Reason, RefusedError, refusal } from '../../batch/errors.ts';
import { INBOX_PREFIX, ownKeyOf, ownObject, rejectionKey } from '../../batch/ids.ts';
import { addMessageSchema, type InboxMessage } from '../../batch/messages.ts';
import type { Problems } from '../../batch/problems.ts';
import type { Source } from '../../batch/spec.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';
import { writeWhole } from '../smallObjects.ts';
import { type AddPorts, add } from './add.ts';

type RejectPorts = Pick<Dependencies, 'objects' | 'clock'>;

/** With a dash and the hash, the id stays within the 100 characters of a batch id. */
const MAX_NAME_LENGTH = 60;
const HASH_LENGTH = 32;

/**
 * Adds a file of the inbox as a batch. The batch id is derived from the file's key and ETag, so that
 * an event that comes twice or late changes nothing.
 */
export async function addFromInbox(
  ports: AddPorts,
  { key, etag }: InboxMessage,
  messageId: string,
): Promise<void> {
  const { objects, log } = ports;
  const object = { bucket: objects.bucket, key };
  const ownKey = ownKeyOf(objects, object);
  if (!ownKey?.startsWith(INBOX_PREFIX))
    throw refusal(
      'invalid_message',
      `key: must begin with ${ownObject(objects, INBOX_PREFIX).key}`,
    );
  const head = await objects.head(object);
  if (!head) return log.info('inbox event ignored; the file is gone', { key });
  // The newer file has an event of its own.
  if (plainEtag(head.etag) !== etag)
    return log.info('inbox event ignored; the file was overwritten', { key });
  const source = { ...object, etag: head.etag };
  try {
    const message = addMessageSchema.parse({ provider: folderOf(ownKey) });
    await addUnderFreeId(inboxBatchIds(key, etag), (batchId) =>
      add(ports, { ...message, batchId }, messageId, source),
    );
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    await reject(ports, source, error);
  }
}

/** Whoever put the file has chosen no id, so a batch that has the same one must not keep it out. */
async function addUnderFreeId(
  [batchId, ...others]: readonly [string, ...string[]],
  addAs: (batchId: string) => Promise<void>,
): Promise<void> {
  try {
    await addAs(batchId);
  } catch (error) {
    const [next, ...rest] = others;
    const isTaken = error instanceof RefusedError && error.reason.code === 'batch_exists';
    if (!isTaken || next === undefined) throw error;
    await addUnderFreeId([next, ...rest], addAs);
  }
}

/** Nobody sent a message that could go to the dead-letter queue: the answer is a file beside the input. */
async function reject(
  ports: RejectPorts & Pick<Dependencies, 'log' | 'metrics'>,
  source: Source,
  { reason }: RefusedError,
): Promise<void> {
  ports.log.warn('inbox file refused', { key: source.key, reason });
  ports.metrics.count(METRICS.refused, 1);
  await rejectFromInbox(ports, source, { reasons: [reason] });
}

/** The first folder names a provider entry. A file without a folder goes to the default entry. */
function folderOf(key: string): string | undefined {
  const [folder, ...rest] = key.slice(INBOX_PREFIX.length).split('/');
  return rest.length > 0 ? folder : undefined;
}

/** The name of the file, for people, and a hash of its key and ETag. Each counts if those before are taken. */
function inboxBatchIds(key: string, etag: string): [string, ...string[]] {
  const file = key.slice(key.lastIndexOf('/') + 1, -'.jsonl'.length);
  const name = file
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, MAX_NAME_LENGTH);
  const idOf = (text: string) => {
    const hash = createHash('sha256').update(text).digest('hex');
    return `${name || 'inbox'}-${hash.slice(0, HASH_LENGTH)}`;
  };
  const text = `${key}\n${etag}`;
  return [idOf(text), idOf(`${text}\n2`), idOf(`${text}\n3`)];
}

interface InboxRejection {
  readonly reasons: readonly Reason[];
  /** The batch that was made of the file, if one was. */
  readonly batchId?: string;
  /** What is wrong with it, by kind. */
  readonly problems?: Problems;
  /** Key of the file with all reasons. */
  readonly errorsKey?: string | undefined;
}

/**
 * Writes beside a file of the inbox why it was refused, for users who see neither the queue nor the
 * record. Does nothing for a file that is not in the inbox.
 */
export async function rejectFromInbox(
  { objects, clock }: RejectPorts,
  { bucket, key, etag }: Source,
  { reasons, batchId, problems, errorsKey }: InboxRejection,
): Promise<void> {
  const ownKey = ownKeyOf(objects, { bucket, key });
  if (!ownKey?.startsWith(INBOX_PREFIX)) return;
  const rejection = {
    ...reasons[0],
    at: new Date(clock.now()).toISOString(),
    // Tells which file was refused: another may have taken its place since.
    etag: plainEtag(etag),
    batchId,
    problems,
    reasons,
    errorsKey: errorsKey && ownObject(objects, errorsKey).key,
  };
  await writeWhole(objects, rejectionKey(ownKey), `${JSON.stringify(rejection, null, 2)}\n`);
}

/** The ETag as S3's events have it. Its HTTP headers have it in quotes. */
function plainEtag(etag: string): string {
  return etag.replaceAll('"', '');
}
