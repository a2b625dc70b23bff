/** What a day is made of; the rest is measured. */
export interface Load {
  readonly batchesPerDay: number;
  /** How long a batch is at the provider: it is looked at with every sweep of that time. */
  readonly jobHours: number;
  /** Of the input, and of the results. */
  readonly inputBytes: number;
  readonly resultBytes: number;
  /** How long files are kept. */
  readonly retentionDays: number;
}

/** Requests that one batch without incidents costs, step by step. */
export const STEPS = {
  /** The user's message, three pieces of work and the outcome: each sent, received and deleted. */
  queueRequests: 5 * 3,
  /** The user's upload, the snapshot, results, errors and what the processor writes. */
  objectPuts: 5,
  /** Heads and reads: of the upload, of the snapshot by three workers, by the processor. */
  objectGets: 2 + 3 + 3,
  /** Reads of the record beside those before each write: by the sweeper, per sweep. */
  readsPerSweep: 1,
  /** queued, submitting, running, collecting, delivering, completed. */
  busEvents: 6,
  /** The secret, once for each worker that talks to the provider. */
  secretReads: 2,
} as const;

/**
 * Lambda polls a queue of its own with five connections, each for 20 s at a time, also when the
 * queue is empty: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
export const POLLS_PER_QUEUE_AND_DAY = 5 * ((24 * 60 * 60) / 20);
export const POLLED_QUEUES = 3;

/**
 * A sweep takes the lock, reads four shards, the providers, the record of each and their queues, and
 * releases it.
 */
export const SWEEP = { tableReads: 9, tableWrites: 2 } as const;
