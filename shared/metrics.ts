/** The CloudWatch namespace of everything below. */
export const METRIC_NAMESPACE = 'BatchHandler';

/** Names of the metrics, shared by the code that emits them and the construct that shows them. */
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
  retried: 'BatchesRetried',
  /** Refusals that wait for room and use no attempt. */
  quotaWaits: 'QuotaWaits',
  /** A provider stands still because our account was refused: somebody must act. */
  providerPaused: 'ProviderPaused',
  /** Batches that a daily budget keeps back, counted in each sweep. */
  budgetWaits: 'BudgetWaits',
  /** Batches that a pause by a user keeps back, counted in each sweep. */
  pauseWaits: 'PauseWaits',
  deliveries: 'Deliveries',
  deliveriesFailed: 'DeliveriesFailed',
  /** A job in a status that this version does not know. */
  unknownStatus: 'UnknownStatuses',
  /** A record or message of a newer version was left alone. */
  newerSchema: 'NewerSchemaSeen',
  /** One batch of a sweep threw; the others went on. */
  sweepErrors: 'SweepErrors',
  /** Batches looked at in a sweep. */
  swept: 'BatchesSwept',
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
  /** Sweeps that ran out of time and go on in the next. */
  sweepsTruncated: 'SweepsTruncated',
} as const;

export type MetricName = (typeof METRICS)[keyof typeof METRICS];
