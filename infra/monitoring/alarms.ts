import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS } from '../../shared/metrics.ts';
import type { QueuePair } from '../resources/queues.ts';
import type { Monitored } from './monitored.ts';

/** One CloudWatch alarm. */
export interface AlarmSpec {
  /** Construct id, and the heading of the alarm's section in docs/runbook.md: `NoSweep` is "No sweep". */
  readonly id: string;
  /** What has happened, for the person who is on call. */
  readonly summary: string;
  readonly metric: cloudwatch.IMetric;
  /** Units of the metric in one unit of the threshold, such as seconds in an hour. Default: 1. */
  readonly factor?: number;
  /** How many periods in a row must reach the threshold. Default: 1. */
  readonly periods?: number;
  /** Fires when the metric has no data, instead of when it reaches the threshold. Default: false. */
  readonly firesWithoutData?: boolean;
}

interface AlarmDefinition {
  readonly defaultThreshold: number;
  /** @param threshold in the unit of the setting */
  specs(monitored: Monitored, threshold: number): AlarmSpec | readonly AlarmSpec[];
}

const { MAXIMUM, SAMPLE_COUNT, SUM } = cloudwatch.Stats;
const over = (minutes: number, statistic: string = SUM) => ({
  period: Duration.minutes(minutes),
  statistic,
});

/** Every alarm by its setting: the documentation of `AlarmSettings`, the default and what it watches. */
export const ALARMS = {
  /**
   * Minutes without a successful sweep.
   *
   * @default - 10, or three times `schedule` if that is longer
   */
  noSweepMinutes: {
    defaultThreshold: 10,
    specs: ({ handler, interval }, minutes) => ({
      id: 'NoSweep',
      summary: `No sweep has succeeded for ${minutes} minutes: no batch makes progress.`,
      metric: handler.metric(METRICS.swept, { period: interval, statistic: SAMPLE_COUNT }),
      periods: Math.ceil(minutes / interval.toMinutes()),
      // Every successful sweep emits this metric.
      firesWithoutData: true,
    }),
  },
  /**
   * Messages in a dead-letter queue. Each dead-letter queue has an alarm.
   *
   * @default 1
   */
  deadLetters: {
    defaultThreshold: 1,
    specs: ({ queues, collector }) => [
      deadLetters('BatchDeadLetters', queues.intake, 'Messages to the batch queue were refused.'),
      deadLetters('WorkDeadLetters', queues.worker, 'The worker could not handle messages.'),
      deadLetters(
        'OutcomeDeadLetters',
        queues.outcome,
        'Outcomes of deliveries were not recorded: these deliveries are repeated.',
      ),
      ...(collector
        ? [deadLetters('CollectorDeadLetters', collector.queues, 'Single requests were refused.')]
        : []),
    ],
  },
  /**
   * Sweeps that failed or were killed, in 15 minutes.
   *
   * @default 3
   */
  sweeperErrors: {
    defaultThreshold: 3,
    specs: ({ functions }) => ({
      id: 'SweeperErrors',
      summary: 'Sweeps fail or are killed.',
      metric: functions.sweeper.metricErrors(over(15)),
    }),
  },
  /**
   * Failures to process a batch in a sweep, in 15 minutes. Every sweep tries such a batch again.
   *
   * @default 10
   */
  sweepErrors: {
    defaultThreshold: 10,
    specs: ({ handler }) => ({
      id: 'SweepErrors',
      summary: 'Sweeps cannot process some batches: these make no progress, the others do.',
      metric: handler.metric(METRICS.sweepErrors, over(15)),
    }),
  },
  /**
   * Records of batches that cannot be read.
   *
   * @default 1
   */
  unreadableRecords: {
    defaultThreshold: 1,
    specs: ({ handler }) => ({
      id: 'UnreadableRecords',
      summary: 'The record of a batch cannot be read: nothing happens to it until it is removed.',
      metric: handler.metric(METRICS.unreadableRecords, over(5, MAXIMUM)),
    }),
  },
  /**
   * Invocations of the worker that failed or were killed, in 15 minutes.
   *
   * @default 3
   */
  workerErrors: {
    defaultThreshold: 3,
    specs: ({ functions }) => ({
      id: 'WorkerErrors',
      summary: 'The worker fails or is killed at its timeout.',
      metric: functions.worker.metricErrors(over(15)),
    }),
  },
  /**
   * Hours that a batch has waited for capacity at its provider.
   *
   * @default 6
   */
  oldestQueuedHours: {
    defaultThreshold: 6,
    specs: ({ handler }) => ({
      id: 'OldestQueued',
      summary: 'A batch has waited long for capacity at its provider.',
      metric: handler.metric(METRICS.oldestQueuedAge, over(5, MAXIMUM)),
      factor: 60 * 60,
    }),
  },
  /**
   * Blocked providers: those that refuse the account.
   *
   * @default 1
   */
  providersBlocked: {
    defaultThreshold: 1,
    specs: ({ handler }) => ({
      id: 'ProvidersBlocked',
      summary:
        'A provider refuses the account: no job starts there until its key or billing is fixed.',
      metric: handler.metric(METRICS.providerBlocked, over(5, MAXIMUM)),
    }),
  },
  /**
   * Batches that failed, in 5 minutes.
   *
   * @default 1
   */
  batchesFailed: {
    defaultThreshold: 1,
    specs: ({ handler }) => ({
      id: 'BatchesFailed',
      summary: 'A batch ended without a success, or the processor never accepted its results.',
      metric: handler.metric(METRICS.failed, over(5)),
    }),
  },
  /**
   * Invocations of the processor that failed, in 15 minutes. Each is retried, up to `maxDeliveries`.
   *
   * @default 3
   */
  deliveriesFailed: {
    defaultThreshold: 3,
    specs: ({ handler }) => ({
      id: 'DeliveriesFailed',
      summary: 'The processor fails. Its invocations are retried a few times.',
      metric: handler.metric(METRICS.deliveriesFailed, over(15)),
    }),
  },
  /**
   * Jobs that were cancelled because they made no progress, in 15 minutes.
   *
   * @default 1
   */
  jobsStalled: {
    defaultThreshold: 1,
    specs: ({ handler }) => ({
      id: 'JobsStalled',
      summary: 'A job made no progress: it is cancelled, and its unfinished requests run again.',
      metric: handler.metric(METRICS.stalled, over(15)),
    }),
  },
  /**
   * Minutes by which the sweeper is late to process a batch that is due.
   *
   * @default 15
   */
  sweepLagMinutes: {
    defaultThreshold: 15,
    specs: ({ handler }) => ({
      id: 'SweepLag',
      summary: 'The sweeper is late to process batches that are due.',
      metric: handler.metric(METRICS.sweepLag, over(5, MAXIMUM)),
      factor: 60,
    }),
  },
  /**
   * Sweeps that ran out of time, in 15 minutes.
   *
   * @default 5
   */
  sweepsTruncated: {
    defaultThreshold: 5,
    specs: ({ handler }) => ({
      id: 'SweepsTruncated',
      summary: 'Sweeps run out of time: each processes only some of the batches that are due.',
      metric: handler.metric(METRICS.sweepsTruncated, over(15)),
    }),
  },
  /**
   * Records of a newer version of the code that were skipped, in 15 minutes, twice in a row.
   *
   * @default 1
   */
  newerSchema: {
    defaultThreshold: 1,
    specs: ({ handler }) => ({
      id: 'NewerSchema',
      summary: 'Records of a newer version are skipped: an older version of the code is running.',
      metric: handler.metric(METRICS.newerSchema, over(15)),
      periods: 2,
    }),
  },
  /**
   * Batches that wait because of a daily budget, in one sweep, for 15 minutes. Only if an entry has a
   * `dailyBudget`.
   *
   * @default 1
   */
  budgetWaits: {
    defaultThreshold: 1,
    specs: ({ handler, providers }) =>
      Object.values(providers).some(({ settings }) => settings.dailyBudget !== undefined)
        ? [
            {
              id: 'BudgetWaits',
              summary: 'Batches wait because a daily budget is used up.',
              metric: handler.metric(METRICS.budgetWaits, over(5, MAXIMUM)),
              periods: 3,
            },
          ]
        : [],
  },
} satisfies Record<string, AlarmDefinition>;

export type AlarmSetting = keyof typeof ALARMS;

/** Threshold of each alarm. `false` removes the alarm. */
export type AlarmSettings = { readonly [Setting in AlarmSetting]?: number | false };

function deadLetters(id: string, { deadLetterQueue }: QueuePair, summary: string): AlarmSpec {
  const metric = deadLetterQueue.metricApproximateNumberOfMessagesVisible(over(5, MAXIMUM));
  return { id, summary, metric };
}
