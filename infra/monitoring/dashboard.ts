import { Aws, Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { QueryString } from 'aws-cdk-lib/aws-logs';
import { METRICS, type MetricName } from '../../shared/metrics.ts';
import { apiWidgets } from './apiMonitoring.ts';
import { deadLetterQueuesOf, functionsOf, type Monitored } from './monitored.ts';
import { logGroupsOf, QUERIES } from './queries.ts';
import {
  byProvider,
  DAY,
  graph,
  HOUR,
  heading,
  inHours,
  inMinutes,
  inSeconds,
  maximum,
  orZero,
  percentileOf,
  sum,
  WIDTH,
} from './widgets.ts';

const { MAXIMUM, SUM } = cloudwatch.Stats;

/** Creates the dashboard for the person on call: the state now, then trends, costs and errors. */
export function createDashboard(
  monitored: Monitored,
  alarms: readonly cloudwatch.Alarm[],
  runbook: string,
): cloudwatch.Dashboard {
  return new cloudwatch.Dashboard(monitored.handler, 'Dashboard', {
    defaultInterval: Duration.hours(24),
    // Keeps the period of each metric, such as "an hour", whatever time range is shown.
    periodOverride: cloudwatch.PeriodOverride.INHERIT,
    widgets: [
      [linksWidget(monitored, runbook)],
      stateWidgets(monitored, alarms),
      [heading('Trend')],
      ...trendWidgets(monitored),
      ...apiWidgets(monitored),
      [heading('Cost')],
      costWidgets(monitored),
      [heading('Errors')],
      ...errorWidgets(monitored),
    ],
  });
}

function linksWidget({ handler }: Monitored, runbook: string): cloudwatch.IWidget {
  const isUrl = /^https?:/.test(runbook);
  const console = `https://${Aws.REGION}.console.aws.amazon.com/cloudwatch/home?region=${Aws.REGION}`;
  const links = [
    `${isUrl ? `[Runbook](${runbook})` : `Runbook: \`${runbook}\``}, a section for each alarm`,
    `[Logs Insights](${console}#logsV2:logs-insights): saved queries in the folder \`${handler.service}\``,
    `[Traces](${console}#xray:traces/query)`,
  ];
  return new cloudwatch.TextWidget({
    markdown: `# ${handler.node.path}\n${links.join(' · ')}`,
    width: WIDTH,
    height: 2,
  });
}

function stateWidgets(
  monitored: Monitored,
  alarms: readonly cloudwatch.Alarm[],
): cloudwatch.IWidget[] {
  const now = monitored.interval;
  const half = { width: WIDTH / 2, height: 5 };
  const oldestQueued = maximum(monitored, METRICS.oldestQueuedAge, 'seconds', now);
  const values = new cloudwatch.SingleValueWidget({
    ...half,
    title: 'Now',
    metrics: [
      orZero(maximum(monitored, METRICS.inFlight, 'Jobs in flight', now)),
      orZero(maximum(monitored, METRICS.queued, 'Batches queued', now)),
      inMinutes(oldestQueued, 'Oldest queued, minutes'),
      orZero(maximum(monitored, METRICS.providerBlocked, 'Blocked providers', now)),
      deadLetterSum(monitored),
    ],
  });
  if (alarms.length === 0) return [values];
  const { STATE_UPDATED_TIMESTAMP: sortBy } = cloudwatch.AlarmStatusWidgetSortBy;
  return [
    values,
    new cloudwatch.AlarmStatusWidget({ ...half, title: 'Alarms', alarms: [...alarms], sortBy }),
  ];
}

/** The sum over all dead-letter queues. */
function deadLetterSum(monitored: Monitored): cloudwatch.IMetric {
  const queues = Object.entries(deadLetterQueuesOf(monitored)).map(([name, queue]) => [
    name,
    queue.metricApproximateNumberOfMessagesVisible({ statistic: MAXIMUM }),
  ]);
  return new cloudwatch.MathExpression({
    label: 'Dead letters',
    expression: queues.map(([name]) => name).join(' + '),
    usingMetrics: Object.fromEntries(queues),
  });
}

function trendWidgets(monitored: Monitored): cloudwatch.IWidget[][] {
  const hourly = (name: MetricName, label: string) => sum(monitored, name, label, HOUR);
  const oldestQueued = maximum(monitored, METRICS.oldestQueuedAge, 'seconds');
  const { sweeper } = monitored.functions;
  return [
    [
      graph('Batches an hour', [
        hourly(METRICS.accepted, 'accepted'),
        hourly(METRICS.completed, 'completed'),
        hourly(METRICS.failed, 'failed'),
        hourly(METRICS.inputsRefused, 'input refused'),
        hourly(METRICS.cancelled, 'cancelled'),
      ]),
      graph('Requests an hour, of batches that ended', [
        hourly(METRICS.requestsSucceeded, 'succeeded'),
        hourly(METRICS.requestsFailed, 'failed'),
        hourly(METRICS.unreadableRows, 'unreadable rows'),
      ]),
      graph('Jobs and retries an hour', [
        hourly(METRICS.submitted, 'jobs submitted'),
        hourly(METRICS.retried, 'batches that wait to continue'),
        hourly(METRICS.requeued, 'batches that continue'),
      ]),
    ],
    [
      graph(
        'Jobs in flight, by provider',
        byProvider(monitored, maximum(monitored, METRICS.inFlight, 'jobs')).map(orZero),
        { stacked: true },
      ),
      graph('Queued batches', [orZero(maximum(monitored, METRICS.queued, 'batches'))], {
        right: [inMinutes(oldestQueued, 'oldest, minutes')],
      }),
      graph(
        'Sweeps, seconds',
        [
          inSeconds(sweeper.metricDuration({ statistic: MAXIMUM }), 'duration'),
          orZero(maximum(monitored, METRICS.sweepLag, 'lag')),
        ],
        {
          right: [
            sweeper.metricInvocations({ label: 'sweeps', statistic: SUM }),
            sum(monitored, METRICS.sweepsTruncated, 'sweeps out of time'),
          ],
        },
      ),
    ],
    [
      graph(
        'Hours from the creation of a batch to its completion',
        [50, 90].map((percent) => {
          const percentile = `p${percent}`;
          return inHours(percentileOf(monitored, METRICS.turnaround, percentile), percentile);
        }),
      ),
    ],
  ];
}

/** Costs are known only for models with a price. */
function costWidgets(monitored: Monitored): cloudwatch.IWidget[] {
  return [
    graph(
      'USD a day, by provider, of two weeks',
      byProvider(monitored, sum(monitored, METRICS.cost, 'USD', DAY)),
      { stacked: true, start: '-P14D', end: 'P0D' },
    ),
    graph('Tokens an hour', [sum(monitored, METRICS.tokens, 'tokens', HOUR)]),
    graph('Waiting for a budget or a pause', [
      maximum(monitored, METRICS.budgetWaits, 'batches, daily budget'),
      maximum(monitored, METRICS.pauseWaits, 'batches, paused provider'),
    ]),
  ];
}

function errorWidgets(monitored: Monitored): cloudwatch.IWidget[][] {
  const functions = Object.entries(functionsOf(monitored));
  const deadLetterQueues = Object.entries(deadLetterQueuesOf(monitored));
  const hourly = (name: MetricName, label: string) => sum(monitored, name, label, HOUR);
  return [
    [failedBatches(monitored)],
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
        deadLetterQueues.map(([label, queue]) =>
          queue.metricApproximateNumberOfMessagesVisible({ label, statistic: MAXIMUM }),
        ),
      ),
      graph(
        'Quota refusals an hour, by provider',
        byProvider(monitored, hourly(METRICS.quotaWaits, 'quota')),
      ),
      graph('Problems an hour', [
        hourly(METRICS.refused, 'messages refused'),
        hourly(METRICS.webhooksRefused, 'webhooks refused'),
        hourly(METRICS.deliveriesFailed, 'deliveries failed'),
        hourly(METRICS.stalled, 'jobs stalled'),
        hourly(METRICS.sweepErrors, 'batches failed in a sweep'),
        hourly(METRICS.unknownStatus, 'unknown job statuses'),
      ]),
    ],
  ];
}

/** The batches that failed last, with the reason of each. */
function failedBatches(monitored: Monitored): cloudwatch.IWidget {
  return new cloudwatch.LogQueryWidget({
    title: 'Last failed batches',
    logGroupNames: logGroupsOf(monitored).map(({ logGroupName }) => logGroupName),
    queryString: new QueryString(QUERIES['Failed batches']).toString(),
    width: WIDTH,
    height: 6,
  });
}

function shareOfTimeout(label: string, each: lambda.Function): cloudwatch.IMetric {
  // Lambda's default timeout is 3 seconds.
  const timeout = each.timeout ?? Duration.seconds(3);
  return new cloudwatch.MathExpression({
    label,
    expression: `100 * ${label} / ${timeout.toMilliseconds()}`,
    usingMetrics: { [label]: each.metricDuration({ statistic: MAXIMUM }) },
  });
}
