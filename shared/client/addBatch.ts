import { randomInt, randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { notBeforeProblem } from '../batch/bounds.ts';
import { ownObject, ownUploadKey } from '../batch/ids.ts';
import {
  type AddMessage,
  type AddMessageInput,
  addMessageSchema,
  s3Url,
} from '../batch/messages.ts';
import type { Batch, BatchFields } from '../batch/record.ts';
import type { Spec } from '../batch/spec.ts';
import type { Status } from '../batch/status.ts';
import { invalidText } from '../invalid/text.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { ClientError } from './clientError.ts';
import type { HandlerConnection } from './connection.ts';
import { type Fingerprint, fingerprintOf, unquoted } from './fingerprint.ts';
import { type Input, openInput, type RequestSource } from './input.ts';
import { type UploadOptions, upload } from './upload.ts';

/** A batch to add: the fields of a message, and either `file` or `requests`. */
export interface NewBatch
  extends Omit<AddMessageInput, 'action' | 'schemaVersion' | 'file' | 'requests'>,
    RequestSource {}

/** A batch that was added, or that existed with the same input and options. */
export interface AddedBatch {
  readonly batchId: string;
  /** The id of the message in its queue. Absent if the batch existed: nothing was sent. */
  readonly messageId?: string;
  /** The status of a batch that existed with the same input and options. */
  readonly existing?: Status;
}

/**
 * Uploads the requests, unless they are in S3, and sends the message that adds the batch. It can be
 * repeated: the default id is the same for the same content, and a batch that exists with the same
 * input and options is not added again.
 *
 * @returns as soon as the message is sent; the handler may still refuse it
 * @throws ClientError `invalid_input` for a message, provider or file that the handler would refuse,
 *   as far as that is known here; `batch_exists` if the id is taken by another input or other options,
 *   `input_expired` if it is taken and its input, which was removed, would have to be read to tell
 */
export async function addBatch(
  connection: HandlerConnection,
  { file, requests, ...fields }: NewBatch,
  options: UploadOptions = {},
): Promise<AddedBatch> {
  const { handler, batches, objects, queues } = connection;
  if ((file === undefined) === (requests === undefined))
    throw new ClientError('invalid_input', 'give either a file or requests');
  const isInS3 = file?.startsWith('s3://') ?? false;
  const message = omitUndefined({ ...fields, file: isInS3 ? file : undefined });
  const asked = checkMessage(message, handler.providers);

  const input = await openInput(objects, { file, requests }, fields.batchId, options.signal);
  try {
    const version = await input.version?.();
    const batchId = fields.batchId ?? newBatchId(input.name, (await input.fingerprint())?.hash);
    const existing = await batches.get(batchId);
    if (existing !== undefined && (await isSame(connection, existing, asked, input)))
      return { batchId, existing: existing.status };
    const uploaded = await uploadTo(connection, batchId, input, options);
    options.signal?.throwIfAborted();
    // Neither the old content nor the new one may have been uploaded, nor be what the id stands for.
    if ((await input.version?.()) !== version)
      throw new ClientError(
        'invalid_input',
        `${input.name}: changed while it was read, and was not added: add it once it is complete`,
      );
    const sent = omitUndefined({ ...message, batchId, file: uploaded ?? message.file });
    return { batchId, messageId: await queues.send(sent) };
  } finally {
    await input.close();
  }
}

/** @returns the URL of the object; undefined if the input is in S3 already */
async function uploadTo(
  { objects }: HandlerConnection,
  batchId: string,
  input: Input,
  options: UploadOptions,
): Promise<string | undefined> {
  const content = await input.content?.();
  if (!content) return undefined;
  const key = ownUploadKey(batchId, randomUUID());
  await upload(objects, key, content, options);
  return s3Url(ownObject(objects, key));
}

/**
 * Whether a batch has this input and these options.
 *
 * @returns false if that cannot be told here: the handler compares them, too
 * @throws ClientError `batch_exists` if it differs
 */
async function isSame(
  { handler, objects }: HandlerConnection,
  batch: Batch,
  asked: AddMessage,
  input: Input,
): Promise<boolean> {
  const { batchId, status, spec } = batch;
  const found = await input.fingerprint();
  if (found === undefined) return false;
  const difference =
    ((await hasContent(objects, batch, found)) ? undefined : 'input') ??
    differenceBetween(spec, asked, handler.providers);
  if (difference === undefined) return true;
  throw new ClientError(
    'batch_exists',
    `batch ${batchId} exists with another ${difference} and is ${status}: choose another id`,
  );
}

/**
 * In what the options of a batch differ from those of the one that has its id; undefined if they are
 * the same. Its `notBefore` does not count, because a repeated command has another.
 */
function differenceBetween(
  { providers, ...spec }: Spec,
  { provider, providers: several, ...asked }: AddMessage,
  entries: readonly string[],
): string | undefined {
  const names = several ?? [provider ?? entries[0]];
  if (!isDeepStrictEqual([...new Set(names)], [...providers])) return 'provider';
  return COMPARED.find((field) => !isDeepStrictEqual(spec[field], asked[field]));
}

/**
 * Whether a batch was made from this content. ETags tell it where they are made of the content. Those
 * of S3 are not, if a key of KMS encrypts the bucket: then the handler's copy is read, if it has the
 * same size.
 */
async function hasContent(
  objects: HandlerConnection['objects'],
  { batchId, spec, input, inputExpiredAt }: BatchFields,
  { hash, bytes, etags }: Fingerprint,
): Promise<boolean> {
  if (etags.includes(unquoted(spec.source.etag))) return true;
  if (input === undefined || input.bytes !== bytes) return false;
  if (inputExpiredAt !== undefined) {
    const text = `batch ${batchId} exists, and its input was removed: whether this is the same cannot be told. Choose another id`;
    throw new ClientError('input_expired', text);
  }
  const copy = objects.read(ownObject(objects, input.key));
  return (await fingerprintOf(copy)).hash === hash;
}

const COMPARED = [
  ...(['format', 'endpoint', 'priority', 'maxCost'] as const),
  ...(['completionWindow', 'options', 'tenant', 'metadata'] as const),
];

/**
 * Checks a message as far as that is possible without its input.
 *
 * @param entries the provider entries of the handler
 * @returns the message with its defaults
 * @throws ClientError `invalid_input`
 */
export function checkMessage(message: AddMessageInput, entries: readonly string[]): AddMessage {
  const parsed = addMessageSchema.safeParse(message);
  if (!parsed.success) {
    const text = invalidText(parsed.error, { input: message, schema: addMessageSchema });
    throw new ClientError('invalid_input', text);
  }
  const { notBefore, provider, providers = [] } = message;
  const tooFar = notBefore === undefined ? undefined : notBeforeProblem(notBefore, Date.now());
  if (tooFar !== undefined) throw new ClientError('invalid_input', `notBefore: ${tooFar}`);
  const unknown = [provider ?? [], providers].flat().filter((name) => !entries.includes(name));
  if (unknown.length > 0)
    throw new ClientError(
      'invalid_input',
      `the deployment has no provider ${unknown.join(', ')}: use one of ${entries.join(', ')}`,
    );
  return parsed.data;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const SUFFIX_LENGTH = 6;
/** Two files of one name get the same id once in four billion, and the second is then refused. */
const HASH_LENGTH = 8;
/** Leaves room for the suffix within the 100 characters of a batch id. */
const MAX_STEM_LENGTH = 90;

/**
 * A batch id that begins with the name of a file.
 *
 * @param hash of its content, in hex. Default: random characters, because ids cannot be used twice
 */
export function newBatchId(file: string, hash?: string): string {
  const stem = basename(file)
    .replace(/\.jsonl?$/i, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, MAX_STEM_LENGTH);
  return `${stem || 'batch'}-${hash?.slice(0, HASH_LENGTH) ?? randomSuffix()}`;
}

function randomSuffix(): string {
  let suffix = '';
  for (let i = 0; i < SUFFIX_LENGTH; i++) suffix += ALPHABET[randomInt(ALPHABET.length)];
  return suffix;
}
