import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS } from '../../shared/metrics.ts';
import type { QueuePair } from '../resources/queues.ts';
import { type AlarmDefinition, type AlarmSpec, over } from './alarmSpec.ts';
import { API_ALARMS } from './apiMonitoring.ts';
import { BATCH_ALARMS } from './batchAlarms.ts';

const { MAXIMUM, SAMPLE_COUNT } = cloudwatch.Stats;

/** The alarms on the handler itself: its sweeps, its functions, its queues and its records. */
const HANDLER_ALARMS = {
  /**
   * Minutes without a successful sweep.
   *
   * @default - 10, or three times `schedule` if that is longer
   */
  noSweepMinutes: {
    defaultThreshold: 10,
    specs: ({ handler, interval }, minutes) => ({
      id: 'NoSweep',
      severity: 'page',
      command: 'doctor',
      summary: `No sweep has succeeded for ${minutes} minutes: no batch makes progress.`,
      metric: handler.metric(METRICS.swept, { period: interval, statistic: SAMPLE_COUNT }),
      periods: Math.ceil(minutes / interval.toMinutes()),
      // Every successful sweep emits this metric.
      firesWithoutData: true,
    }),
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
      severity: 'page',
      command: 'doctor',
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
      severity: 'ticket',
      command: 'doctor',
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
      severity: 'ticket',
      command: 'doctor',
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
      severity: 'page',
      command: 'doctor',
      summary: 'The worker fails or is killed at its timeout.',
      metric: functions.worker.metricErrors(over(15)),
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
      severity: 'ticket',
      command: 'doctor',
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
      severity: 'ticket',
      command: 'doctor',
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
      severity: 'ticket',
      command: 'doctor',
      summary: 'Records of a newer version are skipped: an older version of the code is running.',
      metric: handler.metric(METRICS.newerSchema, over(15)),
      periods: 2,
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
      ...deadLetters('Batch', queues.intake, 'Messages to the batch queue were refused.'),
      ...deadLetters('Work', queues.worker, 'The worker could not handle messages.'),
      ...deadLetters(
        'Outcome',
        queues.outcome,
        'Outcomes of deliveries were not recorded: these deliveries are repeated.',
      ),
      ...deadLetters('Collector', collector?.queues, 'Single requests were refused.'),
    ],
  },
} satisfies Record<string, AlarmDefinition>;

/** Every alarm by its setting: the documentation of `AlarmSettings`, the default and what it watches. */
export const ALARMS = { ...HANDLER_ALARMS, ...BATCH_ALARMS, ...API_ALARMS };

export type AlarmSetting = keyof typeof ALARMS;

/** Threshold of each alarm. `false` removes the alarm. */
export type AlarmSettings = { readonly [Setting in AlarmSetting]?: number | false };

/**
 * @param name of the queue whose dead letters they are
 * @param queues undefined if there is no such queue
 */
function deadLetters(
  name: string,
  queues: QueuePair | undefined,
  summary: string,
): readonly AlarmSpec[] {
  if (!queues) return [];
  const metric = queues.deadLetterQueue.metricApproximateNumberOfMessagesVisible(over(5, MAXIMUM));
  const command = `redrive --queue ${name.toLowerCase()}`;
  return [{ id: `${name}DeadLetters`, severity: 'ticket', command, summary, metric }];
}
