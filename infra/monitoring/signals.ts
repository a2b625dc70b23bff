import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS, type MetricName } from '../../shared/metrics.ts';
import type { QueuePair } from '../queues.ts';
import type { Monitored } from './monitored.ts';
import type { Signal } from './signal.ts';

const minutes = (count: number, statistic: string = cloudwatch.Stats.SUM) => ({
  period: Duration.minutes(count),
  statistic,
});
const { MAXIMUM } = cloudwatch.Stats;

/** Everything that rings, but for sweeps that do not come. */
export function signalsOf(monitored: Monitored): readonly Signal[] {
  const { handler, functions, queues, collector, providers } = monitored;
  const hasBudget = Object.values(providers).some(
    ({ settings }) => settings.dailyBudget !== undefined,
  );
  const metric = (name: MetricName, options: cloudwatch.MetricOptions) =>
    handler.metric(name, options);
  return [
    deadLetters('BatchDeadLetters', queues.intake, 'Messages to the batch queue were refused.'),
    deadLetters('WorkDeadLetters', queues.worker, 'The worker could not handle messages.'),
    deadLetters(
      'OutcomeDeadLetters',
      queues.outcome,
      'The ends of deliveries could not be noted: they are repeated.',
    ),
    ...(collector
      ? [deadLetters('CollectorDeadLetters', collector.queues, 'Single requests were refused.')]
      : []),
    {
      id: 'SweeperErrors',
      setting: 'sweeperErrors',
      says: 'Sweeps fail or are killed.',
      metric: functions.sweeper.metricErrors(minutes(15)),
    },
    {
      id: 'SweepErrors',
      setting: 'sweepErrors',
      says: 'Batches cannot be looked at: they stand still, the others go on.',
      metric: metric(METRICS.sweepErrors, minutes(15)),
    },
    {
      id: 'WorkerErrors',
      setting: 'workerErrors',
      says: 'The worker fails or is killed at its timeout.',
      metric: functions.worker.metricErrors(minutes(15)),
    },
    {
      id: 'OldestQueued',
      setting: 'oldestQueuedHours',
      says: 'A batch has waited long for room at its provider.',
      metric: metric(METRICS.oldestQueuedAge, minutes(5, MAXIMUM)),
      factor: 60 * 60,
    },
    {
      id: 'ProvidersBlocked',
      setting: 'providersBlocked',
      says: 'A provider refuses our account: nothing starts there until its key or its bill is seen to.',
      metric: metric(METRICS.providerBlocked, minutes(5, MAXIMUM)),
    },
    {
      id: 'BatchesFailed',
      setting: 'batchesFailed',
      says: 'A batch ended without a success, or the processor never took its results.',
      metric: metric(METRICS.failed, minutes(5)),
    },
    {
      id: 'DeliveriesFailed',
      setting: 'deliveriesFailed',
      says: 'The processor fails: it is invoked again, a few times.',
      metric: metric(METRICS.deliveriesFailed, minutes(15)),
    },
    {
      id: 'JobsStalled',
      setting: 'jobsStalled',
      says: 'A job made no progress at its provider: it is cancelled, and the rest runs again.',
      metric: metric(METRICS.stalled, minutes(15)),
    },
    {
      id: 'SweepLag',
      setting: 'sweepLagMinutes',
      says: 'The sweeper is behind.',
      metric: metric(METRICS.sweepLag, minutes(5, MAXIMUM)),
      factor: 60,
    },
    {
      id: 'SweepsTruncated',
      setting: 'sweepsTruncated',
      says: 'Sweeps run out of time: each comes to a part of the batches.',
      metric: metric(METRICS.sweepsTruncated, minutes(15)),
    },
    {
      id: 'NewerSchema',
      setting: 'newerSchema',
      says: 'Records of a newer version are left alone: an older version of the code runs.',
      metric: metric(METRICS.newerSchema, minutes(15)),
      periods: 2,
    },
    ...(hasBudget
      ? [
          {
            id: 'BudgetWaits',
            setting: 'budgetWaits',
            says: 'A daily budget keeps batches back.',
            metric: metric(METRICS.budgetWaits, minutes(5, MAXIMUM)),
            periods: 3,
          } as const,
        ]
      : []),
  ];
}

function deadLetters(id: string, { deadLetterQueue }: QueuePair, says: string): Signal {
  const metric = deadLetterQueue.metricApproximateNumberOfMessagesVisible(minutes(5, MAXIMUM));
  return { id, setting: 'deadLetters', says, metric };
}
