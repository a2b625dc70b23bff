import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetScheduleCommand } from '@aws-sdk/client-scheduler';
import { shardsOf } from '../../handlerMetadata.ts';
import { lastSweepAt, sweepLock } from '../../stores/sweepStores.ts';
import { durationText } from '../../terminal.ts';
import { lastReportAt } from '../../usecases/sweep/shardReports.ts';
import type { AwsDoctorContext } from '../awsContext.ts';
import { type Check, type CheckResult, noteResult, okResult, problemResult } from '../check.ts';

export const scheduleCheck: Check<AwsDoctorContext> = {
  name: 'schedule',
  permissions: ['scheduler:GetSchedule'],
  async run(context) {
    const { state, expression, name } = await readSchedule(context);
    if (state === 'ENABLED') return [okResult(`enabled, ${expression}`)];
    return [
      problemResult(
        `${state.toLowerCase()}: no batch is started, checked or delivered`,
        `enable schedule ${name} in EventBridge Scheduler, or deploy the stack again`,
      ),
    ];
  },
};

/** Time for one sweep that runs to its timeout, and for a few that found its lease. */
const MIN_PATIENCE_MS = 10 * 60_000;
const MISSED_SWEEPS = 5;

export const sweepCheck: Check<AwsDoctorContext> = {
  name: 'sweep',
  permissions: [
    'dynamodb:GetItem',
    'scheduler:GetSchedule',
    'cloudformation:DescribeStacks',
    'lambda:GetFunctionConfiguration',
  ],
  async run(context) {
    const { sweeper } = context.aws.resources;
    const at = await lastSweepAt(context.connection.items);
    const intervalMs = await readSchedule(context).then(intervalOf, () => 0);
    const patienceMs = Math.max(MIN_PATIENCE_MS, intervalMs * MISSED_SWEEPS);
    if (at === undefined) {
      const age = await deployedFor(context);
      if (age !== undefined && age < patienceMs)
        return [
          noteResult(
            `none has ended yet, ${durationText(age)} after the deployment: the first comes with the schedule`,
          ),
        ];
      return [problemResult('no sweep has ended yet', await context.logsOf(sweeper))];
    }
    const ageMs = context.now() - at;
    const isLate = ageMs > patienceMs;
    const what = `the last one ended ${durationText(ageMs)} ago`;
    const shards = shardsOf(context.connection.handler.settings);
    return [
      isLate
        ? problemResult(`${what}: no batch makes progress`, await context.logsOf(sweeper))
        : okResult(what),
      ...(shards > 1 ? await shardResults(context, shards, patienceMs) : []),
    ];
  },
};

/** What is known of the sweeps of each shard. */
async function shardResults(
  context: AwsDoctorContext,
  shards: number,
  patienceMs: number,
): Promise<readonly CheckResult[]> {
  const lock = sweepLock(context.connection.items);
  const late: string[] = [];
  for (let shard = 0; shard < shards; shard++) {
    const at = await lastReportAt(lock, shard);
    const ageMs = at === undefined ? undefined : context.now() - at;
    if (ageMs === undefined) late.push(`${shard} has ended none yet`);
    else if (ageMs > patienceMs)
      late.push(`${shard} ended its last one ${durationText(ageMs)} ago`);
  }
  if (late.length === 0) return [okResult(`all ${shards} shards have swept`)];
  const age = await deployedFor(context);
  const what = `of ${shards} shards, ${late.join(', ')}`;
  if (age !== undefined && age < patienceMs) return [noteResult(what)];
  return [
    problemResult(
      `${what}: their batches make no progress`,
      await context.logsOf(context.aws.resources.sweeper),
    ),
  ];
}

/** Milliseconds since the stack was created or last updated; undefined if that cannot be read. */
async function deployedFor({
  cloudFormation,
  aws,
  now,
}: AwsDoctorContext): Promise<number | undefined> {
  const { Stacks: [stack] = [] } = await cloudFormation
    .send(new DescribeStacksCommand({ StackName: aws.stack }))
    .catch(() => ({ Stacks: [] }));
  const at = stack?.LastUpdatedTime ?? stack?.CreationTime;
  return at && now() - at.getTime();
}

interface Schedule {
  readonly name: string;
  readonly state: string;
  readonly expression: string;
}

async function readSchedule({ scheduler, aws }: AwsDoctorContext): Promise<Schedule> {
  const name = aws.resources.schedule;
  const found = await scheduler.send(new GetScheduleCommand({ Name: name }));
  return { name, state: found.State ?? 'unknown', expression: found.ScheduleExpression ?? '' };
}

const UNIT_MS: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/** The interval in milliseconds; 0 if the expression is not a rate. */
function intervalOf({ expression }: Schedule): number {
  const [, count = '', unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  return Number(count) * (UNIT_MS[unit] ?? 0);
}
