/** The rule for a batch id: safe in S3 keys, table keys and provider metadata. */
export const BATCH_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** The same, or a part of it. */
export const RECORD_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(\/[1-9]\d{0,3})?$/;

const PREFIX_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const PREFIX_LENGTH = 16;

/**
 * The random part of a submission key: `bh` and 16 of a-z0-9 (82 bits).
 *
 * @param randomInt gives a whole number in [0, max), from a cryptographic source in production
 */
export function newKeyPrefix(randomInt: (max: number) => number): string {
  let prefix = 'bh';
  for (let i = 0; i < PREFIX_LENGTH; i++)
    prefix += PREFIX_ALPHABET[randomInt(PREFIX_ALPHABET.length)];
  return prefix;
}

/**
 * The key that a job carries at the provider, by which it is found again after a crash. Legal
 * everywhere: Vertex label, Bedrock jobName, OpenAI metadata value, Anthropic custom_id prefix.
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

/** Where a user puts the file of a batch whose message names none. */
export function uploadKey(batchId: string): string {
  return `uploads/${batchId}.jsonl`;
}

/**
 * Where the body of a message too large for SQS is kept. Under `uploads/`, because whoever may add
 * a batch may write there.
 */
export function messageBodyKey(token: string): string {
  return `${MESSAGE_BODY_PREFIX}${token}.json`;
}
export const MESSAGE_BODY_PREFIX = 'uploads/messages/';

/** What is put here ends up as a batch by itself, where the deployment says so. */
export const INBOX_PREFIX = 'inbox/';

/** Where it is said why a file of the inbox was refused: a name that is no batch file's. */
export function rejectionKey(inboxKey: string): string {
  return `${inboxKey}.rejected.json`;
}

/** Longest key of an S3 object: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
export const MAX_KEY_BYTES = 1024;

/**
 * Where one writer keeps one object. The writer's token is in the key, so that a superseded
 * worker overwrites nothing: the record names the winner.
 */
export function objectKey(batchId: string, token: string, name: string): string {
  return `batches/${batchId}/${token}/${name}`;
}
