import { GetScheduleCommand } from '@aws-sdk/client-scheduler';
import { lastSweepAt } from '../../aws/sweepLock.ts';
import { isPaused, isUnavailable, type ProviderState } from '../../quota/providerState.ts';
import {
  type Check,
  counted,
  durationText,
  type Found,
  note,
  ok,
  problem,
  type Subject,
} from '../findings.ts';

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

/** What keeps providers from being started on. */
export const admission: Check = {
  name: 'admission',
  permissions: ['dynamodb:GetItem', 'dynamodb:Query'],
  async run(subject) {
    const { providerStates, handler } = subject.connection;
    const names = new Set([...handler.providers, ...(await providerStates.list())]);
    const found: Found[] = [];
    for (const name of names)
      if (handler.providers.includes(name))
        found.push(...foundOf(await providerStates.get(name), subject.now()));
      else found.push(...(await leftBehind(subject, name)));
    return found.length > 0 ? found : [ok('no provider is paused or held back')];
  },
};

function foundOf(state: ProviderState, now: number): readonly Found[] {
  const { provider, hold, lastCommand } = state;
  const found: Found[] = [];
  if (isPaused(state) && lastCommand) {
    const why = lastCommand.reason === undefined ? '' : `: ${lastCommand.reason}`;
    const what = `${provider} is paused by a user since ${durationText(now - lastCommand.sentAt)}${why}`;
    found.push(note(what, `batch-handler resume ${provider}`));
  }
  if (hold && isUnavailable(state, now)) {
    const until = `for another ${durationText(hold.until - now)}, after ${counted(hold.refusals, 'refusal')} in a row`;
    const why = `${hold.reason.code}: ${hold.reason.message}`;
    found.push(
      hold.kind === 'account'
        ? problem(
            `${provider} refuses our account and is left alone ${until}: ${why}`,
            `put its key, its permissions or its bill right, then batch-handler resume ${provider}`,
          )
        : note(`${provider} is full and is left alone ${until}: ${why}`),
    );
  }
  for (const [model, { tokens }] of Object.entries(state.ceilings ?? {}))
    if (tokens !== undefined)
      found.push(
        note(
          `${provider} takes about ${Math.round(tokens).toLocaleString('en-US')} enqueued tokens of ${model}, as its refusals told`,
        ),
      );
  return found;
}

/** An entry that the deployment has no more. */
async function leftBehind({ connection }: Subject, name: string): Promise<readonly Found[]> {
  const [waiting, active] = await Promise.all([
    connection.batches.listWaiting(name),
    connection.batches.listActive(name),
  ]);
  const count = waiting.items.length + active.items.length;
  if (count === 0) return [];
  const more = waiting.cursor === undefined && active.cursor === undefined ? '' : ' or more';
  return [
    problem(
      `entry ${name} is no more in the deployment, and ${counted(count, 'batch', 'batches')}${more} wait or run there`,
      `deploy the entry again until they have ended, or cancel them (batch-handler list --provider ${name})`,
    ),
  ];
}
