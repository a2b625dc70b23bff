import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Monitored } from './monitored.ts';

/**
 * How soon somebody has to look. `page`: little or nothing makes progress, or batches are failing, and
 * it goes on until somebody acts. `ticket`: it can wait for working hours.
 */
export const SEVERITIES = ['page', 'ticket'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** One CloudWatch alarm. */
export interface AlarmSpec {
  /** Construct id, and the heading of the alarm's section in docs/runbook.md: `NoSweep` is "No sweep". */
  readonly id: string;
  readonly severity: Severity;
  /** What has happened, for the person who is on call. */
  readonly summary: string;
  /** What to type first: a command of the command line, with its options. It changes nothing by itself. */
  readonly command: string;
  readonly metric: cloudwatch.IMetric;
  /** In place of the setting, if that is not what the metric is compared with. */
  readonly threshold?: number;
  /** Units of the metric in one unit of the threshold, such as seconds in an hour. Default: 1. */
  readonly factor?: number;
  /** How many periods in a row must reach the threshold. Default: 1. */
  readonly periods?: number;
  /** Fires when the metric has no data, too. Default: false. */
  readonly firesWithoutData?: boolean;
}

export interface AlarmDefinition {
  readonly defaultThreshold: number;
  /** @param threshold in the unit of the setting */
  specs(monitored: Monitored, threshold: number): AlarmSpec | readonly AlarmSpec[];
}

/** Over how long, and how, a metric is read. By default its sum. */
export function over(minutes: number, statistic: string = cloudwatch.Stats.SUM) {
  return { period: Duration.minutes(minutes), statistic };
}
