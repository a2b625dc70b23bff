import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { BatchHandlerProps } from '../batchHandlerProps.ts';
import { createAlarms } from './alarms.ts';
import { createDashboard } from './dashboard.ts';
import type { Monitored } from './monitored.ts';
import { saveQueries } from './queries.ts';

/** In this repository. */
const RUNBOOK = 'docs/runbook.md';

export interface Monitoring {
  readonly alarms: readonly cloudwatch.Alarm[];
  readonly dashboard: cloudwatch.Dashboard | undefined;
}

/** What tells somebody that something is wrong, and what it is. */
export function createMonitoring(
  monitored: Monitored,
  props: Pick<BatchHandlerProps, 'alarms' | 'alarmTopic' | 'runbook' | 'dashboard'>,
): Monitoring {
  const runbook = props.runbook ?? RUNBOOK;
  // It is one, whatever `exactOptionalPropertyTypes` makes of it.
  const topic = props.alarmTopic as sns.ITopic | undefined;
  const alarms = createAlarms(monitored, props.alarms ?? {}, { topic, runbook });
  saveQueries(monitored);
  const dashboard =
    props.dashboard === false ? undefined : createDashboard(monitored, alarms, runbook);
  return { alarms, dashboard };
}
