import * as z from 'zod';
import { moneySchema, priceSchema } from './cost.ts';
import { reasonSchema } from './errors.ts';
import { jobSchema, type Outcome, outcomeSchema, usageSchema } from './job.ts';
import { requestsToSend } from './ledger.ts';
import { STATUSES } from './status.ts';

/**
 * What the `body` of a batch's requests is written in: OpenAI's words, translated for the batch's
 * provider, or the provider's own, passed through.
 */
export const formatSchema = z.enum(['openai', 'native']);
export type Format = z.infer<typeof formatSchema>;

const count = z.number().int().nonnegative();

/** The snapshot of the input in the handler's own bucket, and what the inspection found. */
export const inputSchema = z.object({
  key: z.string(),
  bytes: count,
  /** Of a part: its bytes of the parent's snapshot, from `start` to before `end`. */
  range: z.object({ start: count, end: count }).optional(),
  requests: count,
  estimatedTokens: count,
  /** The longest answers that its requests allow, together. Absent: none of them says. */
  maxOutputTokens: count.optional(),
  /** What batches paid for the model then, at the dearest entry; absent: there was no price. */
  price: priceSchema.optional(),
  /** What all of its requests would cost at that, in USD. */
  estimatedCost: moneySchema.optional(),
});
export type Input = z.infer<typeof inputSchema>;

/** A part of an input that is too large for one job: whole lines of the snapshot. */
export const sliceSchema = z.object({
  /** Bytes of the snapshot, from `start` to before `end`. */
  start: count,
  end: count,
  requests: count,
  estimatedTokens: count,
  maxOutputTokens: count.optional(),
});
export type Slice = z.infer<typeof sliceSchema>;

const countPastJob = z.number().int().nonnegative();

/** A job that is over: what became of one attempt. */
export const pastJobSchema = z.object({
  /** The provider's. */
  id: z.string(),
  /** The entry that it ran at. */
  provider: z.string(),
  /** The same for two jobs if the first was refused for quota and used none. */
  attempt: countPastJob,
  submittedAt: z.number(),
  /** When its end was seen. */
  endedAt: z.number(),
  end: outcomeSchema.shape.kind,
  /** Of the provider's reason, if it gave one. */
  code: z.string().optional(),
  /** Requests that it was given, and how many of them succeeded. */
  requests: countPastJob,
  succeeded: countPastJob,
});
export type PastJob = z.infer<typeof pastJobSchema>;

/** A record stays small: the last jobs are in it. */
export const MAX_PAST_JOBS = 20;

/** The record's past jobs with its present one, if it has one. */
export function withPastJob(
  batch: Batch,
  { kind: end, reason }: Outcome,
  endedAt: number,
  succeeded: number,
): PastJob[] {
  const { job, provider, attempt, pastJobs } = batch;
  if (job === undefined) return pastJobs;
  const { id, submittedAt } = job;
  const requests = requestsToSend(batch);
  const code = reason === undefined ? {} : { code: reason.code };
  const past = { id, provider, attempt, submittedAt, endedAt, end, ...code, requests, succeeded };
  return [...pastJobs, past].slice(-MAX_PAST_JOBS);
}

/** The version of records and messages that this code writes, and the newest that it reads. */
export const SCHEMA_VERSION = 1;

const countBatch = z.number().int().nonnegative();
/** Milliseconds since 1970. */
const time = z.number().nonnegative();

/** A worker's hold on a record: no other worker acts on it before the lease has run out. */
const claimSchema = z.object({ token: z.string(), leaseUntil: time });
export type Claim = z.infer<typeof claimSchema>;

/** The ledger in numbers: `succeeded + failed + unfinished = total`, always. */
const countsSchema = z.object({
  total: countBatch,
  succeeded: countBatch,
  failed: countBatch,
  unfinished: countBatch,
});
export type Counts = z.infer<typeof countsSchema>;

/** An object in S3, as the message named it and as it was when the message came in. */
const sourceSchema = z.object({ bucket: z.string(), key: z.string(), etag: z.string() });
export type Source = z.infer<typeof sourceSchema>;

/** One batch, one item: everything that is known of it. At most 40 KB. */
export const batchSchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  batchId: z.string(),
  /** Rises by one with every write; the condition of the next one. */
  version: countBatch,
  status: z.enum(STATUSES),
  /** The status before this one, for the state change event. Absent on a new record. */
  previousStatus: z.enum(STATUSES).optional(),
  /** When the status was entered. */
  statusAt: time,
  /** When the sweeper must look at it; absent when nothing is owed. */
  dueAt: time.optional(),

  provider: z.string(),
  /** Entries that it may go to, where the message names several; `provider` is where it is now. */
  providers: z.array(z.string()).optional(),
  /** Of a part: the batch that it is of. */
  parent: z.string().optional(),
  /** Of a batch that is too large for one job: what each of its parts holds. */
  parts: z.array(sliceSchema).optional(),
  /** How often the user had what failed of its parts run again. */
  retries: countBatch.optional(),
  format: formatSchema.default('openai'),
  endpoint: z.string().optional(),
  model: z.string().optional(),
  /** Higher starts first. */
  priority: z.number().int(),
  notBefore: time.optional(),
  /** USD that it is not to exceed; of a part, its share. */
  maxCost: moneySchema.optional(),
  completionWindow: z.string(),
  options: z.record(z.string(), z.json()),
  metadata: z.record(z.string(), z.string()),
  source: sourceSchema,
  createdAt: time,
  /** When it ends with what it has: `createdAt` + `maxAgeSeconds`, later after a user's retry. */
  deadlineAt: time,
  endedAt: time.optional(),
  /** Whether the event of the present end is out. On ended records only. */
  endEventSent: z.boolean().optional(),
  /** SQS message ids of the last user commands acted upon, so that a redelivery does nothing. */
  commands: z.array(z.string()),
  cancelRequested: z.boolean(),

  input: inputSchema.optional(),
  /** Key of the error file of an input that was refused. */
  inputErrorsKey: z.string().optional(),
  /** Random part of the submission key, made with the record: reused ids and stacks never meet. */
  keyPrefix: z.string(),
  /** Rises in the write that abandons a job known dead. */
  submission: z.number().int().positive(),
  /** Time of the first claim that may have created a job under the present submission key. */
  intentAt: time.optional(),
  claim: claimSchema.optional(),
  /** Times the present status's work was sent, for the backoff between sends. */
  sends: countBatch,
  /** Transient failures in a row, for the backoff. */
  failures: countBatch,
  /** Jobs that the provider took on. */
  attempt: countBatch,
  /** Value of `attempt` at the user's last `retry`: each retry has `maxAttempts` of its own. */
  attemptBase: countBatch,
  /** In `retrying`: when it goes on. */
  resumeAt: time.optional(),
  job: jobSchema.optional(),
  /** The last 20 jobs that are over, the latest last. */
  pastJobs: z.array(pastJobSchema).default([]),
  /** In `collecting`: what the job came to. */
  outcome: outcomeSchema.optional(),
  /** Which requests the next job holds: those without an end, or all that did not succeed. */
  selection: z.enum(['unfinished', 'unsucceeded']),

  /** Jobs whose files at the provider nothing needs any more, and which may still be there. */
  cleanUp: z.array(z.string()).default([]),
  /** The last submission that may have left an upload which became no job's. */
  leftovers: z.number().int().positive().optional(),

  /** Keys of the merged rows so far: every request of the input has one row in one of the two. */
  rows: z.object({ results: z.string(), errors: z.string() }).optional(),
  counts: countsSchema,
  usage: usageSchema,
  /** USD, of all jobs so far. Absent: that of one of them is not known. */
  cost: moneySchema.optional(),
  /** Why it failed, waits or was retried: the first 20. */
  reasons: z.array(reasonSchema),
  delivery: z
    .object({
      /** Rises with a user's `redeliver`; its delivery id is the processor's idempotency key. */
      number: z.number().int().positive(),
      /** Invocations of the processor for this delivery. */
      attempt: countBatch,
      /** Invocations of the processor for all deliveries. */
      invocations: countBatch,
      /** Whether an invocation is under way whose outcome has not been heard. */
      pending: z.boolean(),
    })
    .optional(),
});
export type Batch = z.infer<typeof batchSchema>;
