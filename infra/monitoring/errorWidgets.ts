import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { METRICS } from '../../shared/metrics.ts';
import { deadLetterQueuesOf, functionsOf, type Monitored } from './monitored.ts';
import { graph, HOUR, ofEachProvider, sum } from './widgets.ts';

const { MAXIMUM, SUM } = cloudwatch.Stats;

/** What goes wrong. */
export function errorWidgets(monitored: Monitored): cloudwatch.IWidget[][] {
  const functions = Object.entries(functionsOf(monitored));
  const hourly = (name: Parameters<typeof sum>[1], label: string) =>
    sum(monitored, name, label, HOUR);
  return [
    [
      graph(
        'Function errors and timeouts',
        functions.map(([label, each]) => each.metricErrors({ label, statistic: SUM })),
      ),
      graph(
        'Function throttles',
        functions.map(([label, each]) => each.metricThrottles({ label, statistic: SUM })),
      ),
      graph(
        'Longest duration, % of the timeout',
        functions.map(([label, each]) => shareOfTimeout(label, each)),
        { leftYAxis: { min: 0, max: 100, showUnits: false } },
      ),
    ],
    [
      graph(
        'Dead letters',
        deadLetterQueuesOf(monitored).map(({ name: label, queue }) =>
          queue.metricApproximateNumberOfMessagesVisible({ label, statistic: MAXIMUM }),
        ),
      ),
      graph(
        'Refusals for quota an hour, by provider',
        ofEachProvider(monitored, hourly(METRICS.quotaWaits, 'quota')),
      ),
      graph('Problems an hour', [
        hourly(METRICS.refused, 'messages refused'),
        hourly(METRICS.webhooksRefused, 'webhooks refused'),
        hourly(METRICS.deliveriesFailed, 'deliveries failed'),
        hourly(METRICS.stalled, 'jobs stalled'),
        hourly(METRICS.sweepErrors, 'looks failed'),
        hourly(METRICS.unknownStatus, 'unknown job statuses'),
      ]),
    ],
  ];
}

function shareOfTimeout(label: string, each: lambda.Function): cloudwatch.IMetric {
  const timeout = each.timeout ?? Duration.seconds(3);
  return new cloudwatch.MathExpression({
    label,
    expression: `100 * ${label} / ${timeout.toMilliseconds()}`,
    usingMetrics: { [label]: each.metricDuration({ statistic: MAXIMUM }) },
  });
}
