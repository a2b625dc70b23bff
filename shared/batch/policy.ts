/** Times, counts, limits and choices that steer the lifecycle. Every duration is in seconds. */
export interface Policy {
  /** Jobs that the provider may take on for one batch before what is unfinished is given up. */
  readonly maxAttempts: number;
  /** Full-jitter exponential backoff between attempts and after transient failures. */
  readonly retryBackoff: Backoff;
  /** Times the processor is invoked for one delivery before the batch fails with its results kept. */
  readonly maxDeliveries: number;
  /** Age after which a batch ends with what it has. */
  readonly maxAgeSeconds: number;
  /** Longest that one create call at a provider may take; the call is aborted then. */
  readonly createDeadlineSeconds: number;
  /** Slack added to every lease for clocks that disagree and requests still on the wire. */
  readonly leaseMarginSeconds: number;
  /** Wait before work that nobody claimed is sent again; doubles with every send. */
  readonly resendBackoff: Backoff;
  /** Longest that Lambda may hold an asynchronous invocation of the processor before it starts. */
  readonly invocationAgeSeconds: number;
  /** The processor's own timeout: Lambda's maximum where it is unknown. */
  readonly processorTimeoutSeconds: number;
  /**
   * Age from which a batch that finds no room at its provider has room kept for it: until then
   * smaller ones of its model go first.
   */
  readonly reserveAfterSeconds: number;
  /** Pause of a provider after a quota refusal; doubles with every refusal in a row. */
  readonly quotaBackoff: Backoff;
  /** Pause of a provider whose account refuses us: 401, 403, billing, an unfilled secret. */
  readonly accountBackoff: Backoff;
  /**
   * Jobs at one provider from which on its list is read, where that tells how they stand, instead
   * of asking about each: a page has 100 of them, but also others' and ended ones.
   */
  readonly listFrom: number;
  /** How long a job may go without finishing a request before it is given up as stalled. */
  readonly stallSeconds: number;
  /** How long a job may outlive its completion window before it is given up as stalled. */
  readonly windowGraceSeconds: number;
  /** How far before the intent a listing must reach before a job counts as absent. */
  readonly adoptionWindowSeconds: number;
  /** Longest DelaySeconds of an SQS message. */
  readonly maxDelaySeconds: number;
  /** How long an ended batch and its files are kept. */
  readonly retentionSeconds: number;
  /** Whether a job's files are deleted at the provider once its rows are safe in the bucket. */
  readonly cleanUpFiles: boolean;
}

export interface Backoff {
  readonly baseSeconds: number;
  readonly capSeconds: number;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The one table of defaults. The construct's props and `cdk.json` change single entries. */
export const DEFAULT_POLICY: Policy = {
  maxAttempts: 5,
  retryBackoff: { baseSeconds: MINUTE, capSeconds: HOUR },
  maxDeliveries: 5,
  maxAgeSeconds: 7 * DAY,
  createDeadlineSeconds: MINUTE,
  leaseMarginSeconds: 30,
  resendBackoff: { baseSeconds: 2 * MINUTE, capSeconds: HOUR },
  invocationAgeSeconds: 15 * MINUTE,
  processorTimeoutSeconds: 15 * MINUTE,
  reserveAfterSeconds: 10 * MINUTE,
  quotaBackoff: { baseSeconds: MINUTE, capSeconds: HOUR },
  accountBackoff: { baseSeconds: 5 * MINUTE, capSeconds: HOUR },
  listFrom: 10,
  stallSeconds: DAY,
  windowGraceSeconds: HOUR,
  adoptionWindowSeconds: 5 * MINUTE,
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
  maxDelaySeconds: 15 * MINUTE,
  retentionSeconds: 90 * DAY,
  cleanUpFiles: true,
};

/**
 * Shrinks the policy's waiting times for a local run, so that hours of backoff become seconds.
 * What measures the real world is left alone: the age of a batch, its retention and how far back
 * a listing reaches.
 */
export function scalePolicy(policy: Policy, scale: number): Policy {
  const backoff = ({ baseSeconds, capSeconds }: Backoff): Backoff => ({
    baseSeconds: baseSeconds * scale,
    capSeconds: capSeconds * scale,
  });
  return {
    ...policy,
    retryBackoff: backoff(policy.retryBackoff),
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
 * @param failures how many failures came before this one, from 0
 * @param random a number in [0, 1)
 * @returns the wait in milliseconds
 */
export function fullJitterMs(backoff: Backoff, failures: number, random: number): number {
  return Math.round(random * maxBackoffMs(backoff, failures));
}

/** The longest wait that {@link fullJitterMs} can give after so many failures, in milliseconds. */
export function maxBackoffMs({ baseSeconds, capSeconds }: Backoff, failures: number): number {
  return Math.min(capSeconds, baseSeconds * 2 ** Math.min(failures, 30)) * 1000;
}
