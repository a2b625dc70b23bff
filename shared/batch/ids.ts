/** The rule for a batch id: safe in S3 keys, table keys and provider metadata. */
export const BATCH_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** The rule for the name of a tenant: safe in table keys, which a `#` divides. */
export const TENANT_PATTERN = /^[A-Za-z0-9._-]{1,64}$/;

/** The id of a batch that the collector makes: `collected-<lane id>-<number of the window>`. */
export const COLLECTED_ID_PATTERN = /^collected-[0-9a-f]{16}-[1-9]\d{0,15}$/;

/** The id of a batch whose message gives none: `m-` and the message id, which SQS makes as a UUID. */
const MESSAGE_BATCH_ID_PATTERN = /^m-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Whether a batch id is of a form that the handler gives by itself. A user's message must not take
 * one: the requests that the handler has for it would be taken for those of that batch.
 */
export function isReservedId(batchId: string): boolean {
  return COLLECTED_ID_PATTERN.test(batchId) || MESSAGE_BATCH_ID_PATTERN.test(batchId);
}

/** The id of a batch whose message gives none. */
export function messageBatchId(messageId: string): string {
  return `m-${messageId}`;
}

/** A part of this depth is not split again. With two parts each, a job is a 256th of the batch by then. */
export const MAX_PART_DEPTH = 8;

/** The rule for the id of a batch, of a part, or of a part of a part. */
export const RECORD_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(\/[1-9]\d{0,3}){0,8}$/;

/** How many batches a part is inside of: a part may be split again. 0 for a batch that is no part. */
export function partDepth(batchId: string): number {
  return batchId.split('/').length - 1;
}

const ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const PREFIX_LENGTH = 16;

/**
 * The random part of a submission key: `bh` and 16 characters of a-z0-9 (82 bits).
 *
 * @param randomInt returns an integer in [0, max), from a cryptographic source in production
 */
export function newKeyPrefix(randomInt: (max: number) => number): string {
  return randomId('bh', PREFIX_LENGTH, randomInt);
}

function randomId(prefix: string, length: number, randomInt: (max: number) => number): string {
  let id = prefix;
  for (let i = 0; i < length; i++) id += ID_ALPHABET[randomInt(ID_ALPHABET.length)];
  return id;
}

/** What the ids of the HTTP API begin with, as OpenAI's do. */
const API_PREFIXES = { batch: 'batch_', file: 'file-', upload: 'upload_', part: 'part_' } as const;
type ApiObject = keyof typeof API_PREFIXES;

const API_ID_LENGTH = 24;

/**
 * A new id of the HTTP API: a prefix and 24 characters of a-z0-9 (124 bits).
 *
 * @param randomInt returns an integer in [0, max), from a cryptographic source in production
 */
export function newApiId(object: ApiObject, randomInt: (max: number) => number): string {
  return randomId(API_PREFIXES[object], API_ID_LENGTH, randomInt);
}

/** The rule for an id that {@link newApiId} made. Only such an id becomes part of a key. */
export function apiIdPattern(object: ApiObject): RegExp {
  return new RegExp(`^${API_PREFIXES[object]}[a-z0-9]{${API_ID_LENGTH}}$`);
}

/** The rule for the id of any file of the HTTP API. That of the rows of a batch ends in the id of the batch. */
export const FILE_ID_PATTERN = /^file-[A-Za-z0-9._-]{1,107}$/;

/** Key of a file that came through the HTTP API. */
export function fileKey(fileId: string): string {
  return `uploads/files/${fileId}.jsonl`;
}

/** Key of a part of an upload of the HTTP API. */
export function uploadPartKey(uploadId: string, partId: string): string {
  return `uploads/parts/${uploadId}/${partId}`;
}

/**
 * The key of a job at the provider, by which it is found again after a crash. It is valid as a Vertex
 * label, a Bedrock jobName, an OpenAI metadata value and the prefix of an Anthropic custom_id.
 */
export function submissionKey(batch: { keyPrefix: string; submission: number }): string {
  return `${batch.keyPrefix}-${batch.submission}`;
}

/** Whether a text is a submission key: a name that nothing but this project gives to a job. */
export function isSubmissionKey(text: string): boolean {
  return /^bh[a-z0-9]{16}-[1-9][0-9]*$/.test(text);
}

/** The processor's idempotency key: the same for every invocation of one delivery. */
export function deliveryId(keyPrefix: string, deliveryNumber: number): string {
  return `${keyPrefix}-delivery-${deliveryNumber}`;
}

/** Key of the input of a batch whose message names no file. */
export function uploadKey(batchId: string): string {
  return `uploads/${batchId}.jsonl`;
}

/**
 * Key of an input that a client uploads. Each upload has a key of its own, so that it never replaces
 * the input of another message that is still on its way.
 *
 * @param token not used for another upload
 */
export function ownUploadKey(batchId: string, token: string): string {
  return `uploads/${batchId}/${token}.jsonl`;
}

/**
 * Key of the body of a message that is too large for SQS. It is under `uploads/`, because everyone
 * who may add batches may write there.
 */
export function messageBodyKey(token: string): string {
  return `${MESSAGE_BODY_PREFIX}${token}.json`;
}
export const MESSAGE_BODY_PREFIX = 'uploads/messages/';

/** A file under this prefix becomes a batch if the deployment has an inbox. */
export const INBOX_PREFIX = 'inbox/';

/** Key of the file that says why a file of the inbox was refused. It does not end like a batch file. */
export function rejectionKey(inboxKey: string): string {
  return `${inboxKey}.rejected.json`;
}

/** The handler's part of a bucket: the objects whose keys begin with a prefix. */
export interface OwnPlace {
  readonly bucket: string;
  /** It ends with a slash. Default: the whole bucket. */
  readonly prefix?: string | undefined;
}

/** Where the object is that the handler calls by a key, such as one of a record. */
export function ownObject({ bucket, prefix = '' }: OwnPlace, key: string) {
  return { bucket, key: prefix + key };
}

/** The handler's key of an object; undefined if the object is not in the handler's part of the bucket. */
export function ownKeyOf(
  { bucket, prefix = '' }: OwnPlace,
  object: { readonly bucket: string; readonly key: string },
): string | undefined {
  if (object.bucket !== bucket || !object.key.startsWith(prefix)) return undefined;
  return object.key.slice(prefix.length);
}

/** Longest key of an S3 object: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
export const MAX_KEY_BYTES = 1024;

/**
 * Key of one object of one worker. It contains the token of the worker's claim, so that a superseded
 * worker overwrites nothing: the record names the keys that count.
 */
export function objectKey(batchId: string, token: string, name: string): string {
  return `batches/${batchId}/${token}/${name}`;
}

/** Whether an object was uploaded, or written by the intake, as the input of this batch and of no other. */
export function isInputOf(batchId: string, key: string): boolean {
  if (fileIdOfKey(key) !== undefined) return false;
  const folders = [`uploads/${batchId}/`, `batches/${batchId}/`];
  return key === uploadKey(batchId) || folders.some((folder) => key.startsWith(folder));
}

/** The id of the file of the HTTP API with this key; undefined if it did not come through that. */
export function fileIdOfKey(key: string): string | undefined {
  const [, fileId = ''] = /^uploads\/files\/([^/]+)\.jsonl$/.exec(key) ?? [];
  return apiIdPattern('file').test(fileId) ? fileId : undefined;
}
