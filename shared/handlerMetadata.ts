import * as z from 'zod';

/** Where the Metadata of a stack's template describes its handlers, by their construct paths. */
export const METADATA_KEY = 'BatchHandler';

const logicalId = z.string().min(1);
/** Empty if the handler has no such resource, because a user's code replaces it. */
const replaceableId = z.string().default('');

/**
 * The resources of a handler that somebody who works with it has to find: logical ids, or of what the
 * stack does not own the names of the outputs that have their names or URLs.
 */
const resourceIdsSchema = z.object({
  table: replaceableId,
  bucket: replaceableId,
  batchQueue: replaceableId,
  deadLetterQueue: replaceableId,
  workQueue: replaceableId,
  workDeadLetterQueue: replaceableId,
  outcomeQueue: logicalId,
  outcomeDeadLetterQueue: logicalId,
  intake: logicalId,
  sweeper: logicalId,
  worker: logicalId,
  outcome: logicalId,
  schedule: logicalId,
  /** Absent if it lives in another stack. */
  processor: logicalId.optional(),
  /** Its log group. Absent if it lives in another stack, or Lambda makes it. */
  processorLog: logicalId.optional(),
  /** With a collector. */
  collectorQueue: logicalId.optional(),
  collectorDeadLetterQueue: logicalId.optional(),
  collector: logicalId.optional(),
  /** Where a provider sends webhooks. */
  webhook: logicalId.optional(),
  /** Answers the HTTP API. */
  api: logicalId.optional(),
});

/** Logical ids, or names of outputs, by what the resources are for. */
export type ResourceIds = z.infer<typeof resourceIdsSchema>;

const settingsObject = z.record(z.string(), z.json());

const settingsText = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('must be JSON');
      return z.NEVER;
    }
  })
  .pipe(settingsObject);

/** What a stack says of one handler. A newer construct may say more. */
const handlerMetadataSchema = z.object({
  /**
   * What ships beside the code as settings.json; `settingsSchema` reads it. Written as JSON text,
   * because a template's metadata may not hold a fraction, such as a price. Versions up to 0.1 wrote
   * an object.
   */
  settings: z.union([settingsText, settingsObject]),
  /** The ports that a user's code replaces. */
  replaced: z.array(z.string()).default([]),
  /** Of the package that was deployed. */
  version: z.string().optional(),
  resources: resourceIdsSchema,
  /** What all its keys in the bucket begin with. Absent if it has the bucket to itself. */
  bucketPrefix: z.string().optional(),
  /** Provider entry → logical id of its secret, if that is in the same stack, else its ARN or name. */
  secrets: z.record(z.string(), z.string()).default({}),
  /** Provider entry → its limits, those of its kind included. Absent: an older construct wrote it. */
  limits: z.record(z.string(), z.record(z.string(), z.number())).optional(),
});
export type HandlerMetadata = z.output<typeof handlerMetadataSchema>;
/** As the construct writes it. */
export type WrittenMetadata = z.input<typeof handlerMetadataSchema>;

const shardsSchema = z.object({ shards: z.int().positive().default(1) });

/** How many shards a handler has, by its settings, which are not validated. */
export function shardsOf(settings: HandlerMetadata['settings']): number {
  return shardsSchema.safeParse(settings).data?.shards ?? 1;
}

export const stackMetadataSchema = z.object({
  [METADATA_KEY]: z.record(z.string(), handlerMetadataSchema).default({}),
});
