import * as z from 'zod';
import { moneySchema } from './cost.ts';
import { usageSchema } from './job.ts';
import { coreSchema } from './record.ts';
import { STATUSES } from './status.ts';

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

const { batchId, provider, attempt, counts, reasons, spec } = coreSchema.shape;

/**
 * The detail of a `Batch State Change`. Fields may be added within a version; what a listener may
 * rely on changes only with a new one.
 */
export const stateChangeSchema = z.object({
  version: z.literal(1).describe('Of this schema.'),
  batchId,
  provider: provider.describe('The provider entry that the batch is at.'),
  from: z.enum(STATUSES).describe('The same as `to` for a job that is given up.'),
  to: z.enum(STATUSES),
  attempt: attempt.describe('Jobs that providers took on so far.'),
  counts: counts.describe('Requests.'),
  cost: z.number().nullable().describe('USD so far; null if it is not known.'),
  reasons: reasons.describe('Why it failed, waits or was retried: the last 20.'),
  metadata: spec.shape.metadata.describe('As it was given when the batch was added.'),
  at: z.string().meta({ format: 'date-time', description: 'When it was announced.' }),
});
/** A state change, for whoever listens. */
export type StateChange = z.infer<typeof stateChangeSchema>;

/**
 * What Lambda sends to a destination after an asynchronous invocation, as far as it is used.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
export const outcomeRecordSchema = z.object({
  requestContext: z.object({
    condition: z.enum(['Success', 'RetriesExhausted', 'EventAgeExceeded']),
  }),
  requestPayload: processorEventSchema.pick({
    batchId: true,
    deliveryId: true,
    deliveryAttempt: true,
  }),
  // Whatever the function returned or threw: only an error's message is of interest.
  responsePayload: z.object({ errorMessage: z.string().optional() }).nullish().catch(undefined),
});
export type OutcomeRecord = z.infer<typeof outcomeRecordSchema>;
