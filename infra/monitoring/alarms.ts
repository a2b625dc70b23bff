import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS } from '../../shared/metrics.ts';
import { ConfigurationError } from '../configurationError.ts';
import { ALARM_DEFAULTS, type AlarmSettings } from './alarmSettings.ts';
import type { Monitored } from './monitored.ts';
import { createAbsenceAlarm, createAlarm, type Ringing } from './signal.ts';
import { signalsOf } from './signals.ts';

/** Sweeps that may be missed before their absence means something, by default. */
const MISSED_SWEEPS = 3;
/** A day: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html */
const MAX_MINUTES = 24 * 60;

/** @throws ConfigurationError for a threshold that could not work */
export function createAlarms(
  monitored: Monitored,
  settings: AlarmSettings,
  ringing: Ringing,
): cloudwatch.Alarm[] {
  for (const [name, threshold] of Object.entries(settings)) {
    if (threshold === undefined || threshold === false || threshold > 0) continue;
    throw new ConfigurationError(
      `alarms.${name} is ${threshold}: must be above 0, or false for no such alarm`,
    );
  }
  const alarms = signalsOf(monitored).flatMap((signal) => {
    const threshold = settings[signal.setting] ?? ALARM_DEFAULTS[signal.setting];
    return threshold === false ? [] : [createAlarm(monitored.handler, signal, threshold, ringing)];
  });
  return [...noSweepAlarm(monitored, settings.noSweepMinutes, ringing), ...alarms];
}

/** The most important one: without sweeps everything stands still, and nothing else tells of it. */
function noSweepAlarm(
  { handler, interval }: Monitored,
  setting: AlarmSettings['noSweepMinutes'],
  ringing: Ringing,
): readonly cloudwatch.Alarm[] {
  if (setting === false) return [];
  const apart = interval.toMinutes();
  const minutes = setting ?? Math.max(ALARM_DEFAULTS.noSweepMinutes, MISSED_SWEEPS * apart);
  if (minutes < apart) {
    throw new ConfigurationError(
      `alarms.noSweepMinutes is ${minutes}, but there is a sweep every ${apart} minutes: use at least twice as many`,
    );
  }
  if (minutes > MAX_MINUTES) {
    throw new ConfigurationError(
      `alarms.noSweepMinutes is ${minutes}: CloudWatch looks back ${MAX_MINUTES} at most`,
    );
  }
  const signal = {
    id: 'NoSweep',
    setting: 'noSweepMinutes',
    says: `No sweep has ended in order for ${minutes} minutes: no batch goes on.`,
    metric: handler.metric(METRICS.swept, {
      period: interval,
      statistic: cloudwatch.Stats.SAMPLE_COUNT,
    }),
    periods: Math.ceil(minutes / apart),
  } as const;
  return [createAbsenceAlarm(handler, signal, ringing)];
}
