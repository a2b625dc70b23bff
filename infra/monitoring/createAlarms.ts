import { type Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { ConfigurationError } from '../configurationError.ts';
import type { AlarmSpec, Severity } from './alarmSpec.ts';
import { ALARMS, type AlarmSetting, type AlarmSettings } from './alarms.ts';
import type { Monitored } from './monitored.ts';

/** Where an alarm leads. */
export interface AlarmTarget {
  /** Who is notified. */
  readonly topics: Readonly<Record<Severity, sns.ITopic | undefined>>;
  /** URL of docs/runbook.md. */
  readonly runbook: string;
}

/** @throws ConfigurationError for a threshold that the alarm could never reach or never leave */
export function createAlarms(
  monitored: Monitored,
  settings: AlarmSettings,
  target: AlarmTarget,
): cloudwatch.Alarm[] {
  const names = Object.keys(ALARMS) as AlarmSetting[];
  return names.flatMap((name) => {
    const threshold = thresholdOf(name, settings[name], monitored.interval);
    if (threshold === false) return [];
    return [ALARMS[name].specs(monitored, threshold)]
      .flat()
      .map((spec: AlarmSpec) => createAlarm(monitored.handler, spec, threshold, target));
  });
}

function thresholdOf(
  name: AlarmSetting,
  given: number | false | undefined,
  interval: Duration,
): number | false {
  if (given === false) return false;
  if (given !== undefined && !(given > 0)) {
    throw new ConfigurationError(
      `alarms.${name} is ${given}: must be above 0, or false for no such alarm`,
    );
  }
  if (name === 'noSweepMinutes') return noSweepMinutesOf(given, interval.toMinutes());
  return given ?? ALARMS[name].defaultThreshold;
}

/** Sweeps in a row that may fail before the default alarm fires. */
const MISSED_SWEEPS = 3;
/** A day: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html */
const MAX_MINUTES = 24 * 60;

function noSweepMinutesOf(given: number | undefined, interval: number): number {
  const minutes =
    given ?? Math.max(ALARMS.noSweepMinutes.defaultThreshold, MISSED_SWEEPS * interval);
  if (minutes < interval) {
    throw new ConfigurationError(
      `alarms.noSweepMinutes is ${minutes}, but there is a sweep every ${interval} minutes: use at least twice as many`,
    );
  }
  if (minutes > MAX_MINUTES) {
    throw new ConfigurationError(
      `alarms.noSweepMinutes is ${minutes}: CloudWatch looks back ${MAX_MINUTES} at most`,
    );
  }
  return minutes;
}

/** @param threshold in the unit of the setting */
function createAlarm(
  scope: Construct,
  spec: AlarmSpec,
  threshold: number,
  { topics, runbook }: AlarmTarget,
): cloudwatch.Alarm {
  const { id, severity, summary, command, metric, factor = 1, periods = 1 } = spec;
  const topic = topics[severity];
  const { BREACHING, NOT_BREACHING } = cloudwatch.TreatMissingData;
  const alarm = new cloudwatch.Alarm(scope, id, {
    threshold: (spec.threshold ?? threshold) * factor,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    // What is 0 is not emitted.
    treatMissingData: spec.firesWithoutData ? BREACHING : NOT_BREACHING,
    metric,
    evaluationPeriods: periods,
    alarmDescription: [
      `${summary} (${severity})`,
      `First: npx batch-handler ${command} ${placeOf(scope)}`,
      `Then: ${runbook}#${anchorOf(id)}`,
    ].join('\n\n'),
  });
  if (topic) {
    const action = new SnsAction(topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
  }
  return alarm;
}

/** The options by which the command line finds the handler, wherever it is called. */
function placeOf(handler: Construct): string {
  const { stackName, region } = Stack.of(handler);
  const { path } = handler.node;
  const word = /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
  return `--stack ${stackName} --handler ${word} --region ${region}`;
}

/** The anchor of the alarm's section in the runbook. */
function anchorOf(id: string): string {
  return id.replaceAll(/(?!^)[A-Z]/g, '-$&').toLowerCase();
}
