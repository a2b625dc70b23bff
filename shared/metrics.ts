/** The CloudWatch namespace of the metrics below. */
export const METRIC_NAMESPACE = 'BatchHandler';

/**
 * CloudWatch charges a metric for each hour in which it gets a value, so none is emitted as 0, and what
 * Lambda counts for nothing is not counted again: the runs, failures and durations of sweeps.
 *
 * Names of the metrics, shared by the code that emits them and the construct that shows them.
 * docs/metrics.md describes each. Tests keep the names, that page, the dashboard, the alarms and the
 * runbook consistent.
 */
export const METRICS = {
  /** Batches added. */
  accepted: 'BatchesAccepted',
  /** Messages moved to a dead-letter queue with their reason. */
  refused: 'MessagesRefused',
  /** Jobs that a provider accepted. */
  submitted: 'JobsSubmitted',
  /** Jobs found at the provider after a crash or a lost reply. */
  adopted: 'JobsAdopted',
  /** Jobs cancelled because the record names another job for the same submission key. */
  surplus: 'SurplusJobsCancelled',
  /** Jobs given up because they made no progress or outlived their completion window. */
  stalled: 'JobsStalled',
  /** Batches with files at the provider that could not be deleted. They expire there. */
  filesLeft: 'ProviderFilesLeft',
  completed: 'BatchesCompleted',
  /** Batches that failed with an input that was in order: a provider, the processor or the handler failed. */
  failed: 'BatchesFailed',
  /** Batches whose input was refused. Whoever has sent it must correct it. */
  inputsRefused: 'InputsRefused',
  cancelled: 'BatchesCancelled',
  /** From the creation of a batch, or its `notBefore`, to its completion. */
  turnaround: 'BatchTurnaround',
  /** Requests of ended batches that succeeded. */
  requestsSucceeded: 'RequestsSucceeded',
  /** Requests of ended batches that did not succeed. */
  requestsFailed: 'RequestsFailed',
  /** Batches or parts with unfinished requests that wait for their next attempt. */
  retried: 'BatchesRetried',
  /** Messages that return a waiting batch to its queue. */
  requeued: 'BatchesRequeued',
  /** Refusals for quota. The batch waits and uses no attempt. */
  quotaWaits: 'QuotaWaits',
  /** Providers that refuse our account, measured in each whole sweep. */
  providerBlocked: 'ProviderBlocked',
  /** Batches that wait for a daily budget, counted in each sweep. */
  budgetWaits: 'BudgetWaits',
  /** Batches that wait for the daily budget of their tenant, counted in each sweep. */
  tenantBudgetWaits: 'TenantBudgetWaits',
  /** Batches that wait at a paused provider, counted in each sweep. Of a long queue, its front. */
  pauseWaits: 'PauseWaits',
  /** Invocations of the processor that failed. Lambda counts all of them. */
  deliveriesFailed: 'DeliveriesFailed',
  /** Checks of jobs in a status that this version does not know. */
  unknownStatus: 'UnknownStatuses',
  /**
   * Batches that a sweep could not process: a step threw, the record is of a newer version, or it cannot
   * be read. The sweep continued.
   */
  sweepErrors: 'SweepErrors',
  /** Sweeps that ran out of time. The next sweep resumes them. */
  sweepsTruncated: 'SweepsTruncated',
  /** Sweeps that stopped calling a provider: it answered nothing for a while, or its time was over. */
  providersCutShort: 'ProvidersCutShort',
  /** Sweeps of shards, or of what concerns all batches, that have not ended normally for ten minutes. */
  shardsLate: 'ShardsLate',
  /** How long the most overdue batch had been due when the sweep processed it, from five minutes. */
  sweepLag: 'SweepLag',
  /** How long the batch that waits longest has waited for capacity, refusals for quota included. */
  oldestQueuedAge: 'OldestQueuedAge',
  /**
   * Batches that wait for capacity at a provider, measured in each whole sweep. Of a queue of over
   * 15,000 batches without capacity, the 15,000 or more that the sweep read.
   */
  queued: 'BatchesQueued',
  /** Running jobs at a provider, measured in each whole sweep. */
  inFlight: 'JobsInFlight',
  /** Input and output tokens of collected jobs. */
  tokens: 'TokensUsed',
  /** Cost of collected jobs in USD, where it is known. */
  cost: 'CostUsd',
  /** Rows of collected jobs that could not be read. Each costs at most its own request. */
  unreadableRows: 'UnreadableRows',
  /** Single requests collected, repeated ones included. */
  requestsCollected: 'RequestsCollected',
  /** Collected requests that were sent before. Each is in a batch only once. */
  requestsRepeated: 'RequestsRepeated',
  /** Collector windows that were sealed, to become batches. */
  windowsSealed: 'WindowsSealed',
  /** Jobs checked between sweeps, because their provider reported their end. */
  earlyChecks: 'EarlyChecks',
  /** Webhooks refused because of their signature, their timestamp or their content. */
  webhooksRefused: 'WebhooksRefused',
} as const;

export type MetricName = (typeof METRICS)[keyof typeof METRICS];

type MetricUnit = 'Count' | 'Seconds' | 'None';

const UNITS: Readonly<Record<string, MetricUnit>> = {
  [METRICS.sweepLag]: 'Seconds',
  [METRICS.oldestQueuedAge]: 'Seconds',
  [METRICS.turnaround]: 'Seconds',
  // CloudWatch has no unit for money.
  [METRICS.cost]: 'None',
};

/** The unit of a metric, in CloudWatch's words. */
export function unitOf(name: string): MetricUnit {
  return UNITS[name] ?? 'Count';
}

/**
 * Metrics that are emitted for each provider as well as for the whole handler. CloudWatch charges
 * per metric, and each of these is one more for every provider. The logs name the provider of the
 * others.
 */
const BY_PROVIDER: ReadonlySet<string> = new Set([
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

/** Metrics that are emitted for some tenants as well, if the policy's `tenantMetrics` says so. */
const BY_TENANT: ReadonlySet<string> = new Set([METRICS.queued, METRICS.oldestQueuedAge]);

export function isByTenant(name: string): boolean {
  return BY_TENANT.has(name);
}

/** Names of the dimensions. */
export const DIMENSIONS = { service: 'service', provider: 'provider', tenant: 'tenant' } as const;

/** Log messages that the saved queries filter by. docs/runbook.md says what each query is for. */
export const LOG_MESSAGES = {
  stateChanged: 'batch state change',
  workDone: 'work done',
  messageRefused: 'message refused',
  workMessageRefused: 'work message refused',
  requestRefused: 'request refused',
  providerBlocked: 'provider refuses our account; blocked',
  providerCoolingDown: 'provider over quota; cooling down',
  limitLearned: 'learned limit of a model changed',
  providerPaused: 'provider paused by a user; batches wait',
  budgetReached: 'daily budget reached; batches wait',
  tenantBudgetReached: 'daily budget of a tenant reached; batches wait',
} as const;
