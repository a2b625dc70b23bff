import * as z from 'zod';
import { moneySchema } from './cost.ts';
import { notedReasonSchema } from './errors.ts';
import { failureGroupsSchema } from './failures.ts';
import { inputSchema, jobSizeSchema, rangeShape, splitInputSchema } from './input.ts';
import { jobSchema, outcomeSchema, pastJobSchema, usageSchema } from './job.ts';
import { countsSchema, selectionSchema } from './ledger.ts';
import { problemsSchema } from './problems.ts';
import { specSchema } from './spec.ts';
import { STATUSES, type Status } from './status.ts';

/** The version of the records that this code writes, and the newest that it reads. */
export const BATCH_SCHEMA_VERSION = 5;

const count = z.number().int().nonnegative();
/** Milliseconds since 1970. */
const time = z.number().nonnegative();

/** A worker's hold on a record: no other worker acts on it before the lease has run out. */
const claimSchema = z.object({ token: z.string(), leaseUntil: time });
export type Claim = z.infer<typeof claimSchema>;

/** A claim to submit. `intentAt` is the earliest time at which it may have created a job. */
const submitClaimSchema = claimSchema.extend({ intentAt: time });

/** Keys of the merged rows so far: every request of the input has one row in one of the two. */
const rowsSchema = z.object({ results: z.string(), errors: z.string() });
export type Rows = z.infer<typeof rowsSchema>;

/** Failures of the same kind, in a row, to read a job's output. */
const unreadSchema = z.object({
  /** Code of the provider's reason. */
  code: z.string(),
  /** Whether the provider answered that there is no more to read. Otherwise it may pass. */
  isDefinite: z.boolean(),
  times: count,
  /** When the first of them was seen. */
  since: time,
});

const deliverySchema = z.object({
  /** Rises with a user's `redeliver`; its delivery id is the processor's idempotency key. */
  number: z.number().int().positive(),
  /** Invocations of the processor for this delivery. */
  attempt: count,
  /** Invocations of the processor for all deliveries. */
  invocations: count,
  /** Whether an invocation has started whose outcome is not known yet. */
  pending: z.boolean(),
  /** When its first invocation was made. Absent in records of earlier versions. */
  startedAt: time.optional(),
  /** When its outcome was known, or given up. Absent until then, and in records of earlier versions. */
  endedAt: time.optional(),
});
export type Delivery = z.infer<typeof deliverySchema>;

/** What a record holds in every status, and keeps from one status to the next. */
export const coreSchema = z.object({
  schemaVersion: z.literal(BATCH_SCHEMA_VERSION),
  batchId: z.string(),
  /** Rises by one with every write; the condition of the next one. */
  version: count,
  /** The status before this one, for the state change event. Absent on a new record. */
  previousStatus: z.enum(STATUSES).optional(),
  /** When the status was entered. */
  statusAt: time,
  createdAt: time,
  /**
   * Since when the batch wants to run: when it was first queued after its last job was accepted. A
   * refusal for quota does not change it. Absent while its job runs, and in records of version 3.
   */
  queuedSince: time.optional(),
  spec: specSchema,
  /** The provider entry that the batch is at now: one of `spec.providers`. */
  provider: z.string(),
  /**
   * Only set on parts: the batch that was split, its key prefix, since ids may be used again, and this
   * part's bytes of its snapshot.
   */
  part: z
    .object({
      parentId: z.string(),
      parentKeyPrefix: z.string().optional(),
      range: z.object(rangeShape),
    })
    .optional(),
  /**
   * When the batch ends with what it has: `maxAgeSeconds` after its creation or its `notBefore`,
   * whichever is later, and later after a retry.
   */
  deadlineAt: time,
  cancelRequested: z.boolean(),
  /** When it was. Absent while it is not, and in records of earlier versions. */
  cancelRequestedAt: time.optional(),
  /** SQS message ids of the last user commands carried out, so that a redelivery does nothing. */
  commands: z.array(z.string()),
  /** How often the user had run again what did not succeed. */
  retries: count,

  /** Random part of the submission key, made with the record: reused ids and stacks never meet. */
  keyPrefix: z.string(),
  /** Rises in the write that abandons a job known dead. */
  submission: z.number().int().positive(),
  /** How often the work of this status was sent, for the backoff between sends. */
  sends: count,
  /** Transient failures in a row, for the backoff. */
  failures: count,
  /** Jobs that the provider accepted. */
  attempt: count,
  /** Value of `attempt` at the user's last `retry`: each retry has `maxAttempts` of its own. */
  attemptBase: count,
  /** Which requests the next job holds. */
  selection: selectionSchema,
  /** The last 20 jobs that are over, the latest last. */
  pastJobs: z.array(pastJobSchema),
  /** Ids of jobs whose files at the provider are no longer needed and may still exist. */
  jobsToDelete: z.array(z.string()),
  /**
   * When the copies of the input of an ended batch began to be removed: from then on nothing may need
   * them. Absent as long as they are kept, on parts, and in records of earlier versions.
   */
  inputExpiredAt: time.optional(),
  /** The last submission that may have left an upload which belongs to no job. */
  leftovers: z.number().int().positive().optional(),

  counts: countsSchema,
  /** The rows of `errors` by error code, the 10 most frequent. Absent without rows, and in records of version 3. */
  failureGroups: failureGroupsSchema.optional(),
  usage: usageSchema,
  /** USD of all jobs so far. Absent if the cost of one of them is not known. */
  cost: moneySchema.optional(),
  /** Why the batch failed, waits or was retried: the last 20. */
  reasons: z.array(notedReasonSchema),
});
export type Core = z.infer<typeof coreSchema>;

/** Once its input was inspected, and until it ends without a result. */
const inspectedShape = {
  ...coreSchema.shape,
  input: inputSchema,
  /** Absent until a job's output was collected. */
  rows: rowsSchema.optional(),
  /** The last delivery. Absent until the processor was invoked. */
  delivery: deliverySchema.optional(),
};

/** When the sweeper must act on the record. */
const dueAt = time;
/** The last job, if there was one: it stays named so that a second one under its key is noticed. */
const lastJob = jobSchema.optional();

const endedShape = {
  endedAt: time,
  /** Whether the event of this end was sent. */
  endEventSent: z.boolean().optional(),
  /** Absent once the event was sent, and the files of its jobs and the copies of its input are deleted. */
  dueAt: dueAt.optional(),
  job: lastJob,
};

/** An end that a batch can meet before it was inspected or has rows. */
const unsuccessfulShape = {
  ...coreSchema.shape,
  ...endedShape,
  input: inputSchema.optional(),
  rows: rowsSchema.optional(),
  delivery: deliverySchema.optional(),
};

/** One batch, one item: everything that is known of it, by its status. At most 40 KB. */
export const batchSchema = z.discriminatedUnion('status', [
  z.object({
    ...coreSchema.shape,
    status: z.literal('inspecting'),
    dueAt,
    claim: claimSchema.optional(),
    /** Inspections begun, of which none has come to an end. Absent before the first. */
    inspections: count.optional(),
  }),
  z.object({ ...inspectedShape, status: z.literal('queued') }),
  z.object({ ...inspectedShape, status: z.literal('split'), dueAt, input: splitInputSchema }),
  z.object({
    ...inspectedShape,
    status: z.literal('submitting'),
    dueAt,
    claim: submitClaimSchema.optional(),
    /** Set if no job is submitted: the batch is cut into parts of this size. */
    splitTo: jobSizeSchema.optional(),
  }),
  z.object({ ...inspectedShape, status: z.literal('running'), dueAt, job: jobSchema }),
  z.object({
    ...inspectedShape,
    status: z.literal('collecting'),
    dueAt,
    claim: claimSchema.optional(),
    job: lastJob,
    /** How the job, or the attempt to start one, ended. */
    outcome: outcomeSchema,
    /** Set once the job's output could not be read. */
    unread: unreadSchema.optional(),
  }),
  z.object({
    ...inspectedShape,
    status: z.literal('delivering'),
    dueAt,
    job: lastJob,
    rows: rowsSchema,
    delivery: deliverySchema,
  }),
  /** `resumeAt`: when it is queued again. */
  z.object({ ...inspectedShape, status: z.literal('retrying'), dueAt, resumeAt: time }),
  z.object({ ...inspectedShape, ...endedShape, status: z.literal('completed'), rows: rowsSchema }),
  z.object({
    ...unsuccessfulShape,
    status: z.literal('failed'),
    /** Key of the error file of an input that was refused. */
    inputErrorsKey: z.string().optional(),
    /** Only of an input that was refused: what is wrong with it, by kind. */
    inputProblems: problemsSchema.optional(),
  }),
  z.object({ ...unsuccessfulShape, status: z.literal('cancelled') }),
]);
export type Batch = z.infer<typeof batchSchema>;

/** The record of a batch in one status, or in one of several. */
export type BatchIn<S extends Status> = ByStatus[S];
type ByStatus = { [S in Status]: Extract<Batch, { status: S }> };

type KeyOf<T> = T extends unknown ? keyof T : never;
type ValueOf<T, K> = T extends unknown ? (K extends keyof T ? T[K] : never) : never;

/** A record read without regard to its status: what only some statuses hold is optional. */
export type BatchFields = Core & {
  [K in Exclude<KeyOf<Batch>, keyof Core | 'status'>]?: ValueOf<Batch, K> | undefined;
} & { status: Status };
