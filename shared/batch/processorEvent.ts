import * as z from 'zod';
import { moneySchema } from './cost.ts';
import { usageSchema } from './job.ts';

const objectRef = z.object({ bucket: z.string(), key: z.string() });
const count = z.number().int().nonnegative();

/**
 * What the processor Lambda is invoked with, at least once per batch. The effect of a processor
 * should be idempotent by `deliveryId`, which is the same however often a delivery is repeated.
 */
export const processorEventSchema = z.object({
  version: z.literal(1),
  /** The idempotency key: the same for every repetition of this delivery. */
  deliveryId: z.string(),
  /** 1 for the first invocation of this delivery. */
  deliveryAttempt: z.number().int().positive(),
  batchId: z.string(),
  provider: z.string(),
  model: z.string().nullable(),
  endpoint: z.string(),
  /** `succeeded` rows are in `results`, `failed` rows in `errors`: together they are `total`. */
  counts: z.object({ total: count, succeeded: count, failed: count }),
  usage: usageSchema,
  /** USD, of all jobs; null if it is not known, as without a price for the model. */
  cost: moneySchema.nullable().default(null),
  /** JSONL in the OpenAI batch output format, in the order of the input. */
  results: objectRef,
  errors: objectRef,
  /** The snapshot of the requests. */
  input: objectRef,
  metadata: z.record(z.string(), z.string()),
  /** Name of the handler's table, where a processor keeps the records of `once`. */
  table: z.string(),
  /** ISO 8601. */
  createdAt: z.string(),
  finishedAt: z.string(),
});
export type ProcessorEvent = z.infer<typeof processorEventSchema>;
