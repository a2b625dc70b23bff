import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { costWidgets } from './costWidgets.ts';
import { errorWidgets } from './errorWidgets.ts';
import type { Monitored } from './monitored.ts';
import { headWidget, stateWidgets } from './stateWidgets.ts';
import { trendWidgets } from './trendWidgets.ts';
import { heading } from './widgets.ts';

/**
 * For somebody who is on call: first how things stand now, then how they came to be so, then what
 * it costs, then what goes wrong.
 */
export function createDashboard(
  monitored: Monitored,
  alarms: readonly cloudwatch.Alarm[],
  runbook: string,
): cloudwatch.Dashboard {
  return new cloudwatch.Dashboard(monitored.handler, 'Dashboard', {
    defaultInterval: Duration.hours(24),
    // An hour's batches are those of an hour, whatever range is looked at.
    periodOverride: cloudwatch.PeriodOverride.INHERIT,
    widgets: [
      [headWidget(monitored, runbook)],
      stateWidgets(monitored, alarms),
      [heading('Trend')],
      ...trendWidgets(monitored),
      [heading('Cost')],
      costWidgets(monitored),
      [heading('Errors')],
      ...errorWidgets(monitored),
    ],
  });
}
