import * as z from 'zod';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Full-jitter exponential backoff: see {@link fullJitterMs}. */
const backoffSchema = z.strictObject({
  baseSeconds: z.number().positive(),
  capSeconds: z.number().positive(),
});
export type Backoff = Readonly<z.infer<typeof backoffSchema>>;

const seconds = z.number().positive();
const times = z.number().int().min(1).max(100);

/** The entries of a policy, each with its default. Every duration is in seconds. */
const policyShape = {
  /** Jobs that the provider may accept for one batch before the unfinished requests are given up. */
  maxAttempts: times.default(5),
  /** Backoff between attempts, after transient failures and between deliveries. */
  retryBackoff: backoffSchema.default({ baseSeconds: MINUTE, capSeconds: HOUR }),
  /** Invocations of the processor for one delivery before the batch fails and keeps its rows. */
  maxDeliveries: times.default(5),
  /** Age at which a batch ends with the rows that it has. */
  maxAgeSeconds: seconds.default(7 * DAY),
  /**
   * How long a job's output is looked for again that is missing, or has fewer answers than the
   * provider counted. Then it counts as lost.
   */
  outputGraceSeconds: seconds.default(HOUR),
  /** Inspections of an input that may be begun. If none has come to its end, the batch ends. */
  maxInspections: times.default(20),
  /** Collections that may fail in the same way. Then what can be read is taken, and the rest is lost. */
  maxCollections: times.default(50),
  /** Longest duration of one create call at a provider, which is then aborted. */
  createDeadlineSeconds: seconds.default(MINUTE),
  /** Added to every lease, for clocks that differ and requests that are still on the wire. */
  leaseMarginSeconds: seconds.default(30),
  /** Backoff before work that no worker claimed is sent again. */
  resendBackoff: backoffSchema.default({ baseSeconds: 2 * MINUTE, capSeconds: HOUR }),
  /** Longest time that Lambda may hold an asynchronous invocation of the processor before it starts. */
  invocationAgeSeconds: seconds.max(6 * HOUR).default(15 * MINUTE),
  /** The processor's own timeout, or Lambda's maximum if it is unknown. */
  processorTimeoutSeconds: seconds.max(15 * MINUTE).default(15 * MINUTE),
  /**
   * Age at which a batch that finds no room at its provider has room kept for it. Before that,
   * smaller batches of its model go first.
   */
  reserveAfterSeconds: seconds.default(10 * MINUTE),
  /** Backoff for which a provider cools down after a refusal for quota. */
  quotaBackoff: backoffSchema.default({ baseSeconds: MINUTE, capSeconds: HOUR }),
  /** Backoff for which a provider is blocked after it refused the account: 401, 403, billing, no secret. */
  accountBackoff: backoffSchema.default({ baseSeconds: 5 * MINUTE, capSeconds: HOUR }),
  /**
   * Number of jobs at one provider from which its list is read, if it shows their states, instead of
   * asking for each job: a page has 100 jobs, but also those of others and those that have ended.
   */
  listFrom: z.number().int().min(2).default(10),
  /**
   * Jobs at one provider for each further place from which its list is read at the same time, if it can
   * begin at any job. Whatever it is, there are at most 16.
   */
  listStreamJobs: z.number().int().min(2).default(2_000),
  /**
   * Most tenants that are measured by themselves in a sweep: those with the most batches waiting.
   * CloudWatch charges for each, so none by default.
   */
  tenantMetrics: z.number().int().min(0).max(100).default(0),
  /** Time past its completion window after which a job is stalled and cancelled. */
  windowGraceSeconds: seconds.default(HOUR),
  /** How far before a claim's intent a listing must reach to prove that there is no job. */
  adoptionWindowSeconds: seconds.default(5 * MINUTE),
  /**
   * Longest DelaySeconds of an SQS message.
   * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
   */
  maxDelaySeconds: seconds.max(15 * MINUTE).default(15 * MINUTE),
  /** How long an ended batch and its files are kept. */
  retentionSeconds: seconds.default(90 * DAY),
  /**
   * How long the copies of its input are kept after a batch has ended. Only so long can it run or be
   * delivered again. From `retentionSeconds` on: as long as its rows.
   */
  inputRetentionSeconds: seconds.default(7 * DAY),
  /** Whether a job's files are deleted at the provider once its rows are in the bucket. */
  cleanUpFiles: z.boolean().default(true),
};

/** Times, counts, limits and choices of the lifecycle. Entries that are left out have their defaults. */
export const policySchema = z.strictObject(policyShape);
export type Policy = Readonly<z.output<typeof policySchema>>;

export const DEFAULT_POLICY: Policy = policySchema.parse({});

/** The deliveries of a batch take no longer than that, in seconds. */
export const DELIVERING_SECONDS = 2 * DAY;

/**
 * What a run may take beyond the maximum age: three days of grace for parts whose jobs do not end,
 * and its deliveries.
 */
const ENDING_SECONDS = 3 * DAY + DELIVERING_SECONDS;

/** Longest time in seconds from the beginning of a run, or from `notBefore`, to the end of its batch. */
function longestRunSeconds({ maxAgeSeconds }: Pick<Policy, 'maxAgeSeconds'>): number {
  return maxAgeSeconds + ENDING_SECONDS;
}

/**
 * How long after its creation a batch and all that belongs to it exist at most, in seconds: S3 deletes
 * objects by their age, and no record must name what is gone. It is long enough for a batch that
 * takes as long as it may, and is run again at the end of its retention.
 */
export function lifetimeSeconds(
  policy: Pick<Policy, 'maxAgeSeconds' | 'retentionSeconds'>,
): number {
  return policy.retentionSeconds + 2 * longestRunSeconds(policy);
}

/** The latest time after its creation, in seconds, at which a run of a batch may begin. */
export function latestStartSeconds(
  policy: Pick<Policy, 'maxAgeSeconds' | 'retentionSeconds'>,
): number {
  return lifetimeSeconds(policy) - longestRunSeconds(policy);
}

/** Some entries of a policy, as settings give them, without the defaults of the others. */
export const policySettingsSchema = z.strictObject(withoutDefaults(policyShape)).partial();
export type PolicySettings = z.infer<typeof policySettingsSchema>;

function withoutDefaults<Shape extends Readonly<Record<string, z.ZodDefault>>>(shape: Shape) {
  const entries = Object.entries(shape).map(([name, schema]) => [name, schema.unwrap()]);
  return Object.fromEntries(entries) as { [K in keyof Shape]: ReturnType<Shape[K]['unwrap']> };
}

/**
 * Multiplies the policy's waiting times for a local run, so that hours of backoff become seconds.
 * Durations of the real world stay as they are: the age of a batch, its retention and how far back
 * a listing reaches.
 *
 * @param scale from 0 to 1
 */
export function scalePolicy(policy: Policy, scale: number): Policy {
  const backoff = ({ baseSeconds, capSeconds }: Backoff): Backoff => ({
    baseSeconds: baseSeconds * scale,
    capSeconds: capSeconds * scale,
  });
  return {
    ...policy,
    retryBackoff: backoff(policy.retryBackoff),
    outputGraceSeconds: policy.outputGraceSeconds * scale,
    createDeadlineSeconds: policy.createDeadlineSeconds * scale,
    leaseMarginSeconds: policy.leaseMarginSeconds * scale,
    resendBackoff: backoff(policy.resendBackoff),
    invocationAgeSeconds: policy.invocationAgeSeconds * scale,
    processorTimeoutSeconds: policy.processorTimeoutSeconds * scale,
    reserveAfterSeconds: policy.reserveAfterSeconds * scale,
    quotaBackoff: backoff(policy.quotaBackoff),
    accountBackoff: backoff(policy.accountBackoff),
  };
}

/**
 * Exponential backoff with full jitter: uniform between zero and the doubled base, capped.
 * Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @param failures number of failures before this one, from 0
 * @param random a number in [0, 1)
 * @returns the wait in milliseconds
 */
export function fullJitterMs(backoff: Backoff, failures: number, random: number): number {
  return Math.round(random * maxBackoffMs(backoff, failures));
}

/** The longest wait in milliseconds that {@link fullJitterMs} returns after as many failures. */
export function maxBackoffMs({ baseSeconds, capSeconds }: Backoff, failures: number): number {
  return Math.min(capSeconds, baseSeconds * 2 ** Math.min(failures, 30)) * 1000;
}
