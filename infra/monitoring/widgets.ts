import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { DIMENSIONS, type MetricName } from '../../shared/metrics.ts';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import type { Monitored } from './monitored.ts';

/** The width of a dashboard, in CloudWatch's units. */
export const WIDTH = 24;
export const HOUR = Duration.hours(1);
export const DAY = Duration.days(1);
const FIVE_MINUTES = Duration.minutes(5);

/** A heading across the dashboard. */
export function heading(text: string): cloudwatch.IWidget {
  return new cloudwatch.TextWidget({ markdown: `## ${text}`, width: WIDTH, height: 1 });
}

/** A count: the sum over each period. */
export function sum(
  { handler }: Monitored,
  name: MetricName,
  label: string,
  period = FIVE_MINUTES,
): cloudwatch.Metric {
  return handler.metric(name, { label, period, statistic: cloudwatch.Stats.SUM });
}

/** A gauge: the maximum in each period. It has no value while it would be 0. */
export function maximum(
  { handler }: Monitored,
  name: MetricName,
  label: string,
  period = FIVE_MINUTES,
): cloudwatch.Metric {
  return handler.metric(name, { label, period, statistic: cloudwatch.Stats.MAXIMUM });
}

/** Shows 0 where a metric has no value. */
export function orZero(metric: cloudwatch.Metric): cloudwatch.MathExpression {
  const id = idOf(metric);
  return new cloudwatch.MathExpression({
    expression: `FILL(${id}, 0)`,
    usingMetrics: { [id]: metric },
    period: metric.period,
    ...omitUndefined({ label: metric.label }),
  });
}

/** The ids in expressions must differ within a widget unless they are the same metric. */
function idOf({ metricName, statistic, dimensions = {} }: cloudwatch.Metric): string {
  const entry = dimensions[DIMENSIONS.provider] ?? '';
  return `m_${metricName}_${statistic}_${entry}`.replaceAll(/\W/g, '_');
}

/** @param percentile such as `p90` */
export function percentileOf(
  { handler }: Monitored,
  name: MetricName,
  percentile: string,
): cloudwatch.Metric {
  return handler.metric(name, { period: HOUR, statistic: percentile });
}

/** Converts a metric from milliseconds. */
export function inSeconds(
  milliseconds: cloudwatch.Metric,
  label: string,
): cloudwatch.MathExpression {
  return divided(milliseconds, 1000, label);
}

/** Converts a metric from seconds. */
export function inMinutes(seconds: cloudwatch.Metric, label: string): cloudwatch.MathExpression {
  return divided(seconds, 60, label);
}

/** Converts a metric from seconds. */
export function inHours(seconds: cloudwatch.Metric, label: string): cloudwatch.MathExpression {
  return divided(seconds, 60 * 60, label);
}

function divided(
  metric: cloudwatch.Metric,
  divisor: number,
  label: string,
): cloudwatch.MathExpression {
  const id = idOf(metric);
  // A percentile of nothing is not 0.
  const value = metric.statistic.startsWith('p') ? id : `FILL(${id}, 0)`;
  return new cloudwatch.MathExpression({
    label,
    expression: `${value} / ${divisor}`,
    usingMetrics: { [id]: metric },
    ...omitUndefined({ period: metric.period }),
  });
}

/** The metric of each provider entry. A single one has no metric of its own: it is that of the handler. */
export function byProvider(
  { providers }: Monitored,
  metric: cloudwatch.Metric,
): cloudwatch.Metric[] {
  const entries = Object.keys(providers);
  if (entries.length === 1) return [metric.with({ label: entries[0] as string })];
  return entries.map((entry) =>
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

/** A graph of a third of the dashboard's width. */
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
    ...omitUndefined({ rightYAxis: props.right && from0 }),
    ...props,
  });
}
