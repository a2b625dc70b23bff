import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS } from '../../shared/metrics.ts';
import type { QueuePair } from '../resources/queues.ts';
import { type AlarmDefinition, type AlarmSpec, over } from './alarmSpec.ts';
import { API_ALARMS } from './apiMonitoring.ts';
import { BATCH_ALARMS } from './batchAlarms.ts';

const { MAXIMUM, MINIMUM } = cloudwatch.Stats;

/** The alarms on the handler itself: its sweeps, its functions, its queues and its records. */
const HANDLER_ALARMS = {
  /**
   * Minutes without a successful sweep.
   *
   * @default - 10, or three times `schedule` if that is longer
   */
  noSweepMinutes: {
    defaultThreshold: 10,
    specs: ({ functions, interval }, minutes) => ({
      id: 'NoSweep',
      severity: 'page',
      command: 'doctor',
      summary: `No sweep has succeeded for ${minutes} minutes: no batch makes progress.`,
      // Lambda emits 0 for each invocation that ended normally: the smallest value is 1 if none did.
      metric: functions.sweeper.metricErrors({ period: interval, statistic: MINIMUM }),
      threshold: 1,
      periods: Math.ceil(minutes / interval.toMinutes()),
      firesWithoutData: true,
    }),
  },
  /**
   * Sweeps that failed or were killed, in 20 minutes, or in seven times `schedule` if that is longer.
   *
   * @default 3
   */
  sweeperErrors: {
    defaultThreshold: 3,
    specs: ({ functions, interval }) => ({
      id: 'SweeperErrors',
      severity: 'page',
      command: 'doctor',
      summary: 'Sweeps fail or are killed.',
      // While a sweep hangs until it is killed, those that find its lease end normally: one in six fails.
      metric: functions.sweeper.metricErrors(over(Math.max(20, 7 * interval.toMinutes()))),
    }),
  },
  /**
   * Batches that a sweep could not process, in 15 sweeps, counted in each: a step failed, the record is
   * of a newer version of the code, or it cannot be read.
   *
   * @default 10
   */
  sweepErrors: {
    defaultThreshold: 10,
    specs: ({ handler, interval }) => ({
      id: 'SweepErrors',
      severity: 'ticket',
      command: 'doctor',
      summary: 'Sweeps cannot process some batches: these make no progress, the others do.',
      metric: handler.metric(METRICS.sweepErrors, over(15 * interval.toMinutes())),
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
   * Shards whose batches were not swept for 10 minutes, or for three times `schedule` if that is longer. Only with
   * the prop `shards`.
   *
   * @default 1
   */
  shardsLate: {
    defaultThreshold: 1,
    specs: ({ handler, shards }) =>
      shards === 1
        ? []
        : [
            {
              id: 'ShardsLate',
              severity: 'page',
              command: 'doctor',
              summary: 'A shard does not sweep: its batches make no progress, the others do.',
              metric: handler.metric(METRICS.shardsLate, over(5, MAXIMUM)),
            },
          ],
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
