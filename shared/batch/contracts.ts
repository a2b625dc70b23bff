import * as z from 'zod';
import { moneySchema } from './cost.ts';
import { shownReasonSchema } from './errors.ts';
import { failuresSchema } from './failures.ts';
import { RECORD_ID_PATTERN } from './ids.ts';
import { usageSchema } from './job.ts';
import { problemsSchema } from './problems.ts';
import { coreSchema } from './record.ts';
import { STATUSES } from './status.ts';

const objectRef = z.object({ bucket: z.string(), key: z.string() });
const count = z.number().int().nonnegative();

/**
 * The payload of the processor Lambda, which is invoked at least once per batch. A processor's effect
 * should be idempotent by `deliveryId`, which is the same in every repetition of a delivery.
 */
export const processorEventSchema = z.object({
  version: z.literal(1),
  /** The idempotency key: the same in every repetition of this delivery. */
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
  /** USD of all jobs; null if it is not known, for example without a price for the model. */
  cost: moneySchema.nullable().default(null),
  /** JSONL in the OpenAI batch output format, in the order of the input. */
  results: objectRef,
  errors: objectRef,
  /** The snapshot of the requests. */
  input: objectRef,
  /** What all keys of the handler begin with: your own files go under `<bucketPrefix>processed/`. Often empty. */
  bucketPrefix: z.string().default(''),
  /** Who the batch belongs to. Absent: to no tenant. */
  tenant: z.string().optional(),
  metadata: z.record(z.string(), z.string()),
  /** Name of the handler's table, where `once` keeps its records. Empty if a user's code replaces it. */
  table: z.string(),
  /** ISO 8601. */
  createdAt: z.string(),
  finishedAt: z.string(),
});
export type ProcessorEvent = z.infer<typeof processorEventSchema>;

const { batchId, provider, attempt, counts, spec } = coreSchema.shape;

/**
 * The detail of a `Batch State Change` event. Fields may be added within a version. Any other change
 * has a new version.
 */
export const stateChangeSchema = z.object({
  version: z.literal(1).describe('Version of this schema.'),
  batchId,
  provider: provider.describe('The provider entry where the batch is.'),
  from: z.enum(STATUSES).describe('Equal to `to` for a job that has stalled.'),
  to: z.enum(STATUSES),
  attempt: attempt.describe('Jobs that providers have accepted so far.'),
  counts: counts.describe('Numbers of requests.'),
  cost: z.number().nullable().describe('USD so far; null if it is not known.'),
  reasons: z.array(shownReasonSchema).describe('Why it failed, waits or was retried: the last 20.'),
  failures: failuresSchema
    .optional()
    .describe('Requests that failed, by error. Absent if none did.'),
  problems: problemsSchema
    .optional()
    .describe('What is wrong with a refused input, by kind. Absent if it was not refused.'),
  tenant: spec.shape.tenant.describe('Who the batch belongs to. Absent if to no tenant.'),
  metadata: spec.shape.metadata.describe('The metadata of the message that added the batch.'),
  at: z.string().meta({ format: 'date-time', description: 'When the event was sent.' }),
});
export type StateChange = z.infer<typeof stateChangeSchema>;

/**
 * The fields that are used of Lambda's record of an asynchronous invocation, which it sends to a
 * destination.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
export const outcomeRecordSchema = z.object({
  requestContext: z.object({
    condition: z.enum(['Success', 'RetriesExhausted', 'EventAgeExceeded']),
  }),
  requestPayload: processorEventSchema
    .pick({ deliveryId: true, deliveryAttempt: true })
    // The table would refuse any other key each time.
    .extend({ batchId: z.string().regex(RECORD_ID_PATTERN) }),
  // Whatever the function returned or threw. Only the message of an error is used.
  responsePayload: z.object({ errorMessage: z.string().optional() }).nullish().catch(undefined),
});
export type OutcomeRecord = z.infer<typeof outcomeRecordSchema>;
