/** From which value on each alarm rings; false: there is no such alarm. */
export interface AlarmSettings {
  /**
   * Messages in a dead-letter queue, an alarm for each queue.
   *
   * @default 1
   */
  readonly deadLetters?: number | false;
  /**
   * Minutes in which no sweep has ended in order.
   *
   * @default - 10, or three times the schedule if that is longer
   */
  readonly noSweepMinutes?: number | false;
  /**
   * Sweeps that failed or were killed, in 15 minutes.
   *
   * @default 3
   */
  readonly sweeperErrors?: number | false;
  /**
   * Looks at batches that failed, in 15 minutes: a batch that cannot be looked at is tried in every
   * sweep.
   *
   * @default 10
   */
  readonly sweepErrors?: number | false;
  /**
   * Invocations of the worker that failed or were killed, in 15 minutes.
   *
   * @default 3
   */
  readonly workerErrors?: number | false;
  /**
   * Hours that a batch has waited for room at its provider.
   *
   * @default 6
   */
  readonly oldestQueuedHours?: number | false;
  /**
   * Providers that are left alone because they refuse our account.
   *
   * @default 1
   */
  readonly providersBlocked?: number | false;
  /**
   * Batches that failed, in 5 minutes.
   *
   * @default 1
   */
  readonly batchesFailed?: number | false;
  /**
   * Invocations of the processor that failed, in 15 minutes. Each is repeated, up to `maxDeliveries`.
   *
   * @default 3
   */
  readonly deliveriesFailed?: number | false;
  /**
   * Jobs given up because they made no progress, in 15 minutes.
   *
   * @default 1
   */
  readonly jobsStalled?: number | false;
  /**
   * Minutes by which the sweeper is behind with a batch.
   *
   * @default 15
   */
  readonly sweepLagMinutes?: number | false;
  /**
   * Sweeps that ran out of time, in 15 minutes.
   *
   * @default 5
   */
  readonly sweepsTruncated?: number | false;
  /**
   * Looks at records of a newer version of the code, in 15 minutes, twice in a row.
   *
   * @default 1
   */
  readonly newerSchema?: number | false;
  /**
   * Batches that a daily budget keeps back in one sweep, for 15 minutes. Only where an entry has a
   * budget.
   *
   * @default 1
   */
  readonly budgetWaits?: number | false;
}

export const ALARM_DEFAULTS = {
  deadLetters: 1,
  noSweepMinutes: 10,
  sweeperErrors: 3,
  sweepErrors: 10,
  workerErrors: 3,
  oldestQueuedHours: 6,
  providersBlocked: 1,
  batchesFailed: 1,
  deliveriesFailed: 3,
  jobsStalled: 1,
  sweepLagMinutes: 15,
  sweepsTruncated: 5,
  newerSchema: 1,
  budgetWaits: 1,
} as const satisfies Required<AlarmSettings>;

export type AlarmSetting = keyof AlarmSettings;
