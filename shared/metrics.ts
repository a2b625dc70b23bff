/** The CloudWatch namespace of everything below. */
export const METRIC_NAMESPACE = 'BatchHandler';

/**
 * Names of the metrics, shared by the code that emits them and the construct that shows them.
 * docs/metrics.md says of each what it means; a test holds the two, the dashboard, the alarms and
 * the runbook against each other.
 */
export const METRICS = {
  /** Batches taken in. */
  accepted: 'BatchesAccepted',
  /** Messages put aside in the dead-letter queue with their reason. */
  refused: 'MessagesRefused',
  /** Jobs that a provider took on. */
  submitted: 'JobsSubmitted',
  /** Jobs found again at the provider after a crash or a lost reply. */
  adopted: 'JobsAdopted',
  /** Jobs cancelled because the record names another one for the same key. */
  surplus: 'SurplusJobsCancelled',
  /** Jobs given up because they made no progress or outlived their window. */
  stalled: 'JobsStalled',
  /** Batches some of whose files at the provider could not be deleted: they expire there. */
  filesLeft: 'ProviderFilesLeft',
  completed: 'BatchesCompleted',
  failed: 'BatchesFailed',
  cancelled: 'BatchesCancelled',
  /** Requests of batches that ended, by whether they have a success. */
  requestsSucceeded: 'RequestsSucceeded',
  requestsFailed: 'RequestsFailed',
  /** Batches, or parts of one, that have more to do and wait for it. */
  retried: 'BatchesRetried',
  /** Messages that bring a waiting batch back into its queue. */
  requeued: 'BatchesRequeued',
  /** Refusals that wait for room and use no attempt. */
  quotaWaits: 'QuotaWaits',
  /** Of each whole sweep: providers that stand still because they refuse our account. */
  providerBlocked: 'ProviderBlocked',
  /** Batches that a daily budget keeps back, counted in each sweep. */
  budgetWaits: 'BudgetWaits',
  /** Batches that a pause by a user keeps back, counted in each sweep: of a long queue, its front. */
  pauseWaits: 'PauseWaits',
  deliveries: 'Deliveries',
  deliveriesFailed: 'DeliveriesFailed',
  /** A job in a status that this version does not know. */
  unknownStatus: 'UnknownStatuses',
  /** A record or message of a newer version was left alone. */
  newerSchema: 'NewerSchemaSeen',
  /** One batch of a sweep threw; the others went on. */
  sweepErrors: 'SweepErrors',
  /** Batches looked at in a sweep. Every sweep that ends in order tells it, also 0. */
  swept: 'BatchesSwept',
  /** Sweeps that ran out of time and go on in the next. */
  sweepsTruncated: 'SweepsTruncated',
  /** How long a sweep took. */
  sweepDuration: 'SweepDuration',
  /** How long the most overdue batch had been due when the sweep came to it. */
  sweepLag: 'SweepLag',
  /** How long the batch has waited for room that waits longest. */
  oldestQueuedAge: 'OldestQueuedAge',
  /**
   * Of each whole sweep: batches that wait for room at a provider. Of a queue of over 15,000 that
   * finds no room, the 15,000 or more that the sweep looked at.
   */
  queued: 'BatchesQueued',
  /** Of each whole sweep: jobs that run at a provider. */
  inFlight: 'JobsInFlight',
  /** Tokens that collected jobs used, of the input and the output. */
  tokens: 'TokensUsed',
  /** What collected jobs cost, in USD, where it is known. */
  cost: 'CostUsd',
  /** Single requests gathered, repeated ones included. */
  requestsCollected: 'RequestsCollected',
  /** Gathered requests that were sent before, and are in a batch once all the same. */
  requestsRepeated: 'RequestsRepeated',
  /** Gatherings of single requests that were closed, to become a batch. */
  windowsSealed: 'WindowsSealed',
  /** Jobs checked between sweeps, because their provider said that they have ended. */
  earlyChecks: 'EarlyChecks',
  /** Webhooks refused because their signature or their time is wrong. */
  webhooksRefused: 'WebhooksRefused',
} as const;

export type MetricName = (typeof METRICS)[keyof typeof METRICS];

type MetricUnit = 'Count' | 'Seconds' | 'None';

const UNITS: Readonly<Record<string, MetricUnit>> = {
  [METRICS.sweepDuration]: 'Seconds',
  [METRICS.sweepLag]: 'Seconds',
  [METRICS.oldestQueuedAge]: 'Seconds',
  // CloudWatch has no unit of money.
  [METRICS.cost]: 'None',
};

/** In CloudWatch's words. */
export function unitOf(name: string): MetricUnit {
  return UNITS[name] ?? 'Count';
}

/**
 * What is told for each provider as well as for the whole handler. Each of these is a metric more
 * for every provider, and CloudWatch charges by the metric: the rest of what happens at a provider
 * is in the logs.
 */
const BY_PROVIDER: ReadonlySet<string> = new Set([
  METRICS.submitted,
  METRICS.quotaWaits,
  METRICS.providerBlocked,
  METRICS.budgetWaits,
  METRICS.pauseWaits,
  METRICS.inFlight,
  METRICS.cost,
]);

export function isByProvider(name: string): boolean {
  return BY_PROVIDER.has(name);
}

/** Names of the dimensions. */
export const DIMENSIONS = { service: 'service', provider: 'provider' } as const;
