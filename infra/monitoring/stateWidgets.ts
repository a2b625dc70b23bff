import { Aws } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS } from '../../shared/metrics.ts';
import { deadLetterQueuesOf, type Monitored } from './monitored.ts';
import { inMinutes, most, WIDTH } from './widgets.ts';

/** Where somebody goes from here. */
export function headWidget({ handler }: Monitored, runbook: string): cloudwatch.IWidget {
  const isUrl = /^https?:/.test(runbook);
  const console = `https://${Aws.REGION}.console.aws.amazon.com/cloudwatch/home?region=${Aws.REGION}`;
  const markdown = [
    `# ${handler.node.path}`,
    `${isUrl ? `[Runbook](${runbook})` : `Runbook: \`${runbook}\``}, a section for each alarm`,
    `[Logs Insights](${console}#logsV2:logs-insights): saved queries in the folder \`${handler.service}\``,
    `[Traces](${console}#xray:traces/query)`,
  ];
  const [title, ...links] = markdown;
  return new cloudwatch.TextWidget({
    markdown: `${title}\n${links.join(' · ')}`,
    width: WIDTH,
    height: 2,
  });
}

/** How things stand now. */
export function stateWidgets(
  monitored: Monitored,
  alarms: readonly cloudwatch.Alarm[],
): cloudwatch.IWidget[] {
  const now = monitored.interval;
  const half = { width: WIDTH / 2, height: 5 };
  const values = new cloudwatch.SingleValueWidget({
    ...half,
    title: 'Now',
    metrics: [
      most(monitored, METRICS.inFlight, 'Jobs in flight', now),
      most(monitored, METRICS.queued, 'Batches queued', now),
      inMinutes(most(monitored, METRICS.oldestQueuedAge, 'seconds', now), 'Oldest queued, minutes'),
      most(monitored, METRICS.providerBlocked, 'Providers refusing us', now),
      deadLetters(monitored),
    ],
  });
  if (alarms.length === 0) return [values];
  const { STATE_UPDATED_TIMESTAMP: sortBy } = cloudwatch.AlarmStatusWidgetSortBy;
  return [
    values,
    new cloudwatch.AlarmStatusWidget({ ...half, title: 'Alarms', alarms: [...alarms], sortBy }),
  ];
}

/** In all queues. */
function deadLetters(monitored: Monitored): cloudwatch.IMetric {
  const queues = deadLetterQueuesOf(monitored).map(({ name, queue }) => [
    name,
    queue.metricApproximateNumberOfMessagesVisible({ statistic: cloudwatch.Stats.MAXIMUM }),
  ]);
  return new cloudwatch.MathExpression({
    label: 'Dead letters',
    expression: queues.map(([name]) => name).join(' + '),
    usingMetrics: Object.fromEntries(queues),
  });
}
