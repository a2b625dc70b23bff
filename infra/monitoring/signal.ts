import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { AlarmSetting } from './alarmSettings.ts';

/** What an alarm watches. */
export interface Signal {
  /** Also the heading of its section in the runbook: `NoSweep` is "No sweep". */
  readonly id: string;
  readonly setting: AlarmSetting;
  /** What has happened, to somebody who has just been woken. */
  readonly says: string;
  readonly metric: cloudwatch.IMetric;
  /** Of the metric, for one of the setting. Default: 1. */
  readonly factor?: number;
  /** In a row. Default: 1. */
  readonly periods?: number;
}

export interface Ringing {
  readonly topic: sns.ITopic | undefined;
  /** Where docs/runbook.md is. */
  readonly runbook: string;
}

/** The anchor of a signal's section. */
function sectionOf(id: string): string {
  return id.replaceAll(/(?!^)[A-Z]/g, '-$&').toLowerCase();
}

export function createAlarm(
  scope: Construct,
  signal: Signal,
  threshold: number,
  ringing: Ringing,
): cloudwatch.Alarm {
  return ring(ringing, scope, signal, {
    threshold: threshold * (signal.factor ?? 1),
    evaluationPeriods: signal.periods ?? 1,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    // What nothing is told of has not happened.
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
}

/** An alarm on what is told of always: on nothing being told. */
export function createAbsenceAlarm(
  scope: Construct,
  signal: Signal,
  ringing: Ringing,
): cloudwatch.Alarm {
  return ring(ringing, scope, signal, {
    threshold: 1,
    evaluationPeriods: signal.periods ?? 1,
    comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    treatMissingData: cloudwatch.TreatMissingData.BREACHING,
  });
}

function ring(
  { topic, runbook }: Ringing,
  scope: Construct,
  { id, says, metric }: Signal,
  props: Omit<cloudwatch.AlarmProps, 'metric'>,
): cloudwatch.Alarm {
  const alarmDescription = `${says} See ${runbook}#${sectionOf(id)}`;
  const alarm = new cloudwatch.Alarm(scope, id, { ...props, metric, alarmDescription });
  if (topic) {
    const action = new SnsAction(topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
  }
  return alarm;
}
