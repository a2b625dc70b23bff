import * as z from 'zod';
import { isPlainText } from './bounds.ts';
import {
  apiIdPattern,
  BATCH_ID_PATTERN,
  COLLECTED_ID_PATTERN,
  INBOX_PREFIX,
  isReservedId,
  MAX_KEY_BYTES,
  MESSAGE_BODY_PREFIX,
  RECORD_ID_PATTERN,
  rejectionKey,
  TENANT_PATTERN,
} from './ids.ts';
import { completionWindowSchema } from './job.ts';

/** The version of the messages that this code sends, and the newest that it reads. */
export const MESSAGE_SCHEMA_VERSION = 1;

/**
 * The dialect of the requests' `body`: OpenAI's, which is translated for the batch's provider, or
 * the provider's own, which is passed through.
 */
export const formatSchema = z.enum(['openai', 'native']);
export type Format = z.infer<typeof formatSchema>;

const batchId = z
  .string()
  .regex(
    BATCH_ID_PATTERN,
    'must be 1 to 100 of A-Z a-z 0-9 . _ - and start with a letter or a digit',
  );

/** The id of a batch or of a part. Only the handler itself sends messages about parts. */
const recordId = z.string().regex(RECORD_ID_PATTERN, 'must be a batchId, or that of a part');

/** A newer schemaVersion is detected before this schema is applied, which would call it malformed. */
const schemaVersion = z.number().int().min(1).max(MESSAGE_SCHEMA_VERSION).optional();

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const S3_URL = /^s3:\/\/([^/]{1,63})\/(.+)$/;

/** The name of a provider entry. Whether there is one is checked later. */
const entryName = z.string().max(100);

/** Who a batch belongs to, if several share a handler. It is part of keys in the table. */
export const tenantSchema = z
  .string()
  .regex(TENANT_PATTERN, 'must be 1 to 64 of A-Z a-z 0-9 . _ -');

/** Bytes of JSON. The record of a new batch has 12 KB, and its options are part of it. */
const MAX_OPTIONS_BYTES = 8 * 1024;

/**
 * The message was JSON, so what it holds is. The schema of a JSON value would copy each of them, and
 * have an issue for each request that is none.
 */
const requestsSchema = z.custom<readonly Readonly<Record<string, unknown>>[]>().check((context) => {
  const { value: requests } = context;
  const isList = Array.isArray(requests) && requests.length > 0;
  const wrong = isList ? requests.findIndex((each) => !isJsonObject(each)) : -1;
  if (isList && wrong === -1) return;
  const [path, message] = isList
    ? [[wrong], 'must be an object']
    : [[], 'must be an array of at least one object'];
  context.issues.push({ code: 'custom', input: undefined, path, message });
});

function isJsonObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const utf8 = new TextEncoder();

/** Adds a batch. `{"batchId":"x"}` is enough if the file is at `uploads/x.jsonl`. */
export const addMessageSchema = z.strictObject({
  schemaVersion,
  action: z.literal('add').default('add'),
  /** Default: derived from the SQS message id. */
  batchId: batchId
    .refine(
      (id) => !isReservedId(id),
      'must not have a form that the handler gives itself: choose another batchId, or leave it out',
    )
    .optional(),
  /** A provider entry of the deployment. Default: the first entry. */
  provider: entryName.optional(),
  /** Several entries instead of one: the batch, or its parts, run where there is room. */
  providers: z.array(entryName).min(1).max(20).optional(),
  /** `s3://bucket/key`, in the handler's bucket or one of the input buckets of the deployment. */
  file: z
    .string()
    .regex(S3_URL, 'must look like s3://bucket/key')
    .refine(
      (url) => isObjectKey(parseS3Url(url).key),
      `must be a key that S3 takes: at most ${MAX_KEY_BYTES} bytes, without control characters`,
    )
    .optional(),
  /** The requests themselves, each as a line of a batch file, instead of a file. */
  requests: requestsSchema.optional(),
  /** The dialect of the requests' bodies. */
  format: formatSchema.default('openai'),
  /** Default: the `url` of the first line. */
  endpoint: z.string().startsWith('/').max(200).optional(),
  /** Higher starts first. Default 0. */
  priority: z.number().int().min(-500).max(499).default(0),
  /** ISO 8601 time. Nothing is submitted before it. */
  notBefore: z.iso.datetime({ offset: true }).optional(),
  /**
   * USD. The batch is refused if its estimate is higher, and unfinished requests are not run again if
   * the batch would exceed it. Needs a price for the model at each entry of the batch.
   */
  maxCost: z.number().positive().optional(),
  /** How long the provider may take for a job, where that is a choice. Default: the entry's. */
  completionWindow: completionWindowSchema.optional(),
  /** Settings of the provider's job: see docs/providers.md. */
  options: z
    .record(z.string(), z.json('must be a value that JSON can hold'))
    .refine(
      (options) => utf8.encode(JSON.stringify(options)).length <= MAX_OPTIONS_BYTES,
      `must have at most ${MAX_OPTIONS_BYTES} bytes`,
    )
    .default({}),
  /** Who the batch belongs to. Default: to no tenant. */
  tenant: tenantSchema.optional(),
  /**
   * For how many seconds after the end its rows are served as files of the HTTP API. Default: as long as
   * they exist.
   */
  outputLifeSeconds: z.number().int().positive().optional(),
  /** Passed to the processor and to events, never to the provider. At most 16 pairs. */
  metadata: z
    .record(z.string().min(1).max(64), z.string().max(512))
    .refine((pairs) => Object.keys(pairs).length <= 16, 'must have at most 16 pairs')
    .default({}),
});
export type AddMessage = z.infer<typeof addMessageSchema>;
/** The message as a user writes it: fields with a default may be left out. */
export type AddMessageInput = z.input<typeof addMessageSchema>;

/**
 * `cancel`: stop the batch and keep its rows. `retry`: run the requests again that did not succeed.
 * `redeliver`: invoke the processor again.
 */
export const commandMessageSchema = z.strictObject({
  schemaVersion,
  action: z.enum(['cancel', 'retry', 'redeliver']),
  batchId,
});
export type CommandMessage = z.infer<typeof commandMessageSchema>;

/** Removes the record of a batch or of a part that cannot be read. Its item is kept in the bucket. */
export const removeMessageSchema = z.strictObject({
  schemaVersion,
  action: z.literal('remove'),
  batchId: recordId,
});
export type RemoveMessage = z.infer<typeof removeMessageSchema>;

/** `pause`: start no new jobs at a provider. `resume`: start them again, also at a blocked provider. */
export const PROVIDER_ACTIONS = ['pause', 'resume'] as const;
export const providerMessageSchema = z.strictObject({
  schemaVersion,
  action: z.enum(PROVIDER_ACTIONS),
  /** A provider entry of the deployment. */
  provider: entryName,
  /** Shown to anyone who finds the provider paused. */
  reason: z.string().min(1).max(500).optional(),
  /** Who asks for it. Default: the AWS principal that sent the message, as SQS names it. */
  by: z.string().min(1).max(100).optional(),
});
export type ProviderMessage = z.infer<typeof providerMessageSchema>;

/** Internal: ends a wait in `retrying`, if the record still has this version. */
export const requeueMessageSchema = z.strictObject({
  schemaVersion,
  action: z.literal('requeue'),
  batchId: recordId,
  version: z.number().int().nonnegative(),
});
export type RequeueMessage = z.infer<typeof requeueMessageSchema>;

/** Internal: S3 has reported a new file in the inbox. */
export const inboxMessageSchema = z.strictObject({
  schemaVersion,
  action: z.literal('inbox'),
  key: z
    .string()
    // The use case, which knows the prefix of the handler's keys, checks the whole.
    .includes(INBOX_PREFIX, { error: `must have the folder ${INBOX_PREFIX}` })
    .endsWith('.jsonl')
    .refine(
      (key) => utf8.encode(rejectionKey(key)).length <= MAX_KEY_BYTES,
      'is too long: there must be room for the name of a rejection beside it',
    ),
  /** Without quotes, as in S3's events. */
  etag: z.string().regex(/^[\w-]{1,100}$/, 'must be an ETag without its quotes'),
});
export type InboxMessage = z.infer<typeof inboxMessageSchema>;

/** Internal: the requests of a collector's window are at `uploads/<batchId>.jsonl`. */
export const collectedMessageSchema = addMessageSchema
  .pick({ schemaVersion: true, provider: true, endpoint: true, priority: true, metadata: true })
  .extend({
    action: z.literal('collected'),
    batchId: z.string().regex(COLLECTED_ID_PATTERN, 'must be the id of a collected batch'),
  });
export type CollectedMessage = z.infer<typeof collectedMessageSchema>;

/** Stands for a body over 200 KB, which is kept in the handler's bucket. */
export const pointerMessageSchema = z.strictObject({
  schemaVersion,
  action: z.literal('pointer'),
  key: z
    .string()
    .startsWith(MESSAGE_BODY_PREFIX)
    .refine(isObjectKey, 'must be a key that S3 takes'),
});

/** All messages of the batch queue. */
const batchQueueMessageSchema = z.union([
  addMessageSchema,
  commandMessageSchema,
  removeMessageSchema,
  providerMessageSchema,
  requeueMessageSchema,
  inboxMessageSchema,
  collectedMessageSchema,
  pointerMessageSchema,
]);
export type BatchQueueMessage = z.infer<typeof batchQueueMessageSchema>;

const WORK_KINDS = ['inspect', 'submit', 'collect'] as const;
export type WorkKind = (typeof WORK_KINDS)[number];

/** Internal: the next work of a worker for a batch. */
const batchWorkMessageSchema = z.strictObject({
  schemaVersion,
  action: z.enum(WORK_KINDS),
  batchId: recordId,
});
export type BatchWorkMessage = z.infer<typeof batchWorkMessageSchema>;

/** Internal: puts the parts of an upload together. */
const assembleMessageSchema = z.strictObject({
  schemaVersion,
  action: z.literal('assemble'),
  uploadId: z.string().regex(apiIdPattern('upload'), 'must be the id of an upload'),
});
export type AssembleMessage = z.infer<typeof assembleMessageSchema>;

/** All messages of the work queue. */
export const workMessageSchema = z.discriminatedUnion('action', [
  batchWorkMessageSchema,
  assembleMessageSchema,
]);
export type WorkMessage = z.infer<typeof workMessageSchema>;

/** Whether S3 takes a text as a key. Lone surrogates cannot be sent, and control characters get lost. */
function isObjectKey(key: string): boolean {
  return isPlainText(key) && utf8.encode(key).length <= MAX_KEY_BYTES;
}

/** Splits `s3://bucket/key`. The schema has checked its form. */
export function parseS3Url(url: string): { bucket: string; key: string } {
  const [, bucket = '', key = ''] = S3_URL.exec(url) ?? [];
  return { bucket, key };
}

/** The `s3://` URL of an object. */
export function s3Url({ bucket, key }: ReturnType<typeof parseS3Url>): string {
  return `s3://${bucket}/${key}`;
}
