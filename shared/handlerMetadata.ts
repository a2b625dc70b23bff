import * as z from 'zod';

/** Where the Metadata of a stack's template describes its handlers, by their construct paths. */
export const METADATA_KEY = 'BatchHandler';

const logicalId = z.string().min(1);

/** The resources of a handler that somebody who works with it has to find. */
const resourceIdsSchema = z.object({
  table: logicalId,
  bucket: logicalId,
  batchQueue: logicalId,
  deadLetterQueue: logicalId,
  workQueue: logicalId,
  workDeadLetterQueue: logicalId,
  outcomeQueue: logicalId,
  outcomeDeadLetterQueue: logicalId,
  intake: logicalId,
  sweeper: logicalId,
  worker: logicalId,
  outcome: logicalId,
  schedule: logicalId,
  /** Absent if it lives in another stack. */
  processor: logicalId.optional(),
  /** With a collector. */
  collectorQueue: logicalId.optional(),
  collectorDeadLetterQueue: logicalId.optional(),
  collector: logicalId.optional(),
  /** Where a provider sends webhooks. */
  webhook: logicalId.optional(),
});

/** Logical ids by what the resources are for. */
export type ResourceIds = z.infer<typeof resourceIdsSchema>;

/** What a stack says of one handler. A newer construct may say more. */
const handlerMetadataSchema = z.object({
  /** What ships beside the code as settings.json; `settingsSchema` reads it. */
  settings: z.record(z.string(), z.json()),
  /** Of the package that was deployed. */
  version: z.string().optional(),
  resources: resourceIdsSchema,
  /** Provider entry → logical id of its secret, if that is in the same stack, else its ARN. */
  secrets: z.record(z.string(), z.string()).default({}),
});
export type HandlerMetadata = z.infer<typeof handlerMetadataSchema>;

export const stackMetadataSchema = z.object({
  [METADATA_KEY]: z.record(z.string(), handlerMetadataSchema).default({}),
});
