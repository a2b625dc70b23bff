import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { DIMENSIONS, type MetricName } from '../../shared/metrics.ts';
import type { Monitored } from './monitored.ts';

/** A dashboard is 24 units wide. */
export const WIDTH = 24;
export const HOUR = Duration.hours(1);
export const DAY = Duration.days(1);
const FIVE_MINUTES = Duration.minutes(5);

/** A line across the dashboard. */
export function heading(text: string): cloudwatch.IWidget {
  return new cloudwatch.TextWidget({ markdown: `## ${text}`, width: WIDTH, height: 1 });
}

/** A count, as its sum over a period. */
export function sum(
  { handler }: Monitored,
  name: MetricName,
  label: string,
  period = FIVE_MINUTES,
): cloudwatch.Metric {
  return handler.metric(name, { label, period, statistic: cloudwatch.Stats.SUM });
}

/** What is told as it is now: the most of a period. */
export function most(
  { handler }: Monitored,
  name: MetricName,
  label: string,
  period = FIVE_MINUTES,
): cloudwatch.Metric {
  return handler.metric(name, { label, period, statistic: cloudwatch.Stats.MAXIMUM });
}

/** What is told in seconds, for people. */
export function inMinutes(seconds: cloudwatch.Metric, label: string): cloudwatch.MathExpression {
  return new cloudwatch.MathExpression({
    label,
    expression: 'seconds / 60',
    usingMetrics: { seconds },
    ...(seconds.period ? { period: seconds.period } : {}),
  });
}

/** The same of each provider entry. */
export function ofEachProvider(
  { providers }: Monitored,
  metric: cloudwatch.Metric,
): cloudwatch.Metric[] {
  return Object.keys(providers).map((entry) =>
    metric.with({
      label: entry,
      dimensionsMap: { ...metric.dimensions, [DIMENSIONS.provider]: entry } as Record<
        string,
        string
      >,
    }),
  );
}

type GraphProps = Pick<
  cloudwatch.GraphWidgetProps,
  'stacked' | 'leftYAxis' | 'right' | 'start' | 'end'
>;

/** One of three in a row. */
export function graph(
  title: string,
  left: cloudwatch.IMetric[],
  props: GraphProps = {},
): cloudwatch.GraphWidget {
  const from0 = { min: 0, showUnits: false };
  return new cloudwatch.GraphWidget({
    title,
    left,
    width: WIDTH / 3,
    height: 6,
    leftYAxis: from0,
    ...(props.right ? { rightYAxis: from0 } : {}),
    ...props,
  });
}
