import { GetScheduleCommand } from '@aws-sdk/client-scheduler';
import { lastSweepAt } from '../../../aws/sweepLock.ts';
import { durationText } from '../../durationText.ts';
import type { Check } from '../check.ts';
import { ok, problem } from '../finding.ts';
import type { Subject } from '../subject.ts';

export const schedule: Check = {
  name: 'schedule',
  permissions: ['scheduler:GetSchedule'],
  async run(subject) {
    const { state, expression, name } = await readSchedule(subject);
    if (state === 'ENABLED') return [ok(`enabled, ${expression}`)];
    return [
      problem(
        `${state.toLowerCase()}: nothing is started, checked or delivered`,
        `enable schedule ${name} (EventBridge Scheduler), or deploy the stack again`,
      ),
    ];
  },
};

/** A sweep that runs to its timeout, and a few that found the lease taken. */
const MIN_PATIENCE_MS = 10 * 60_000;
const MISSED_SWEEPS = 5;

export const sweep: Check = {
  name: 'sweep',
  permissions: ['dynamodb:GetItem', 'scheduler:GetSchedule'],
  async run(subject) {
    const { dynamodb, handler } = subject.connection;
    const { table, sweeper } = handler.resources;
    const at = await lastSweepAt(dynamodb, table);
    const logs = `aws logs tail /aws/lambda/${sweeper} --since 1h`;
    if (at === undefined)
      return [problem('no sweep has ended yet', `wait for the schedule; if it stays so: ${logs}`)];
    const ageMs = subject.now() - at;
    const intervalMs = await readSchedule(subject).then(intervalOf, () => 0);
    const isLate = ageMs > Math.max(MIN_PATIENCE_MS, intervalMs * MISSED_SWEEPS);
    const what = `the last one ended ${durationText(ageMs)} ago`;
    return [isLate ? problem(`${what}: nothing moves on`, `see why it fails: ${logs}`) : ok(what)];
  },
};

interface Schedule {
  readonly name: string;
  readonly state: string;
  readonly expression: string;
}

async function readSchedule({ scheduler, connection }: Subject): Promise<Schedule> {
  const name = connection.handler.resources.schedule;
  const found = await scheduler.send(new GetScheduleCommand({ Name: name }));
  return { name, state: found.State ?? 'unknown', expression: found.ScheduleExpression ?? '' };
}

const UNIT_MS: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/** In milliseconds; 0 for an expression that is no rate. */
function intervalOf({ expression }: Schedule): number {
  const [, count = '', unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  return Number(count) * (UNIT_MS[unit] ?? 0);
}
