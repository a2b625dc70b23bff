import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetAccountSettingsCommand, GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { durationText } from '../../terminal.ts';
import type { AwsDoctorContext } from '../awsContext.ts';
import { type Check, type CheckResult, noteResult, okResult, problemResult } from '../check.ts';

export const credentialsCheck: Check<AwsDoctorContext> = {
  name: 'credentials',
  permissions: [],
  async run({ sts }) {
    const { Account: account, Arn: arn } = await sts.send(new GetCallerIdentityCommand({}));
    return [okResult(`${arn} in account ${account}`)];
  },
};

/** AWS refuses signatures that are 5 minutes off. The ages that commands show are wrong before. */
const MAX_SKEW_MS = 60_000;

export const clockCheck: Check<AwsDoctorContext> = {
  name: 'clock',
  permissions: [],
  async run({ sts, now }) {
    const times: number[] = [];
    sts.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const { headers } = result.response as { headers?: Record<string, string> };
        times.push(Date.parse(headers?.date ?? ''));
        return result;
      },
      { step: 'deserialize', name: 'readDate', override: true },
    );
    await sts.send(new GetCallerIdentityCommand({}));
    const [time = Number.NaN] = times;
    if (Number.isNaN(time)) throw new Error('the response of AWS has no date');
    const skewMs = now() - time;
    if (Math.abs(skewMs) <= MAX_SKEW_MS) return [okResult('in step with AWS')];
    const direction = skewMs > 0 ? 'ahead of' : 'behind';
    return [
      problemResult(
        `this machine is ${durationText(Math.abs(skewMs))} ${direction} AWS, so its signatures and the ages below are wrong`,
        'set the clock of this machine (timedatectl set-ntp true)',
      ),
    ];
  },
};

/** By default, the event source of the worker alone invokes up to 10 at a time. */
const COMFORTABLE_CONCURRENCY = 50;

export const concurrencyCheck: Check<AwsDoctorContext> = {
  name: 'lambda quota',
  permissions: ['lambda:GetAccountSettings'],
  async run({ lambda }) {
    const { AccountLimit: limits = {} } = await lambda.send(new GetAccountSettingsCommand({}));
    const { ConcurrentExecutions: all, UnreservedConcurrentExecutions: free = 0 } = limits;
    const what = `${free} of ${all} concurrent executions are unreserved`;
    if (free >= COMFORTABLE_CONCURRENCY) return [okResult(what)];
    return [
      noteResult(
        `${what}: other functions of the account that use them can slow the handler down`,
        'request an increase: Service Quotas, AWS Lambda, Concurrent executions',
      ),
    ];
  },
};

export const stackCheck: Check<AwsDoctorContext> = {
  name: 'stack',
  permissions: ['cloudformation:DescribeStacks'],
  async run({ cloudFormation, aws: { stack: name, path } }) {
    const { Stacks: [stack] = [] } = await cloudFormation.send(
      new DescribeStacksCommand({ StackName: name }),
    );
    const status = stack?.StackStatus ?? 'unknown';
    const what = `${path} in stack ${name}: ${status}`;
    const events = `see aws cloudformation describe-stack-events --stack-name ${name}`;
    if (/FAILED$|DELETE/.test(status)) return [problemResult(what, events)];
    if (/ROLLBACK_COMPLETE$/.test(status))
      return [noteResult(`${what}: the last deployment was rolled back`, events)];
    return [status.endsWith('IN_PROGRESS') ? noteResult(what) : okResult(what)];
  },
};

const FUNCTIONS = [
  'intake',
  'sweeper',
  'worker',
  'outcome',
  'collector',
  'webhook',
  'api',
] as const;

export const functionsCheck: Check<AwsDoctorContext> = {
  name: 'functions',
  permissions: ['lambda:GetFunctionConfiguration'],
  async run({ lambda, aws: { resources } }) {
    const problems: CheckResult[] = [];
    const names = FUNCTIONS.filter((name) => resources[name] !== undefined);
    for (const name of names) {
      const configuration = await lambda.send(
        new GetFunctionConfigurationCommand({ FunctionName: resources[name] }),
      );
      const { State, StateReason, LastUpdateStatus, LastUpdateStatusReason } = configuration;
      if (State !== 'Failed' && LastUpdateStatus !== 'Failed') continue;
      const why = StateReason ?? LastUpdateStatusReason ?? 'Lambda gives no reason';
      problems.push(problemResult(`${name} cannot run: ${why}`, 'deploy the stack again'));
    }
    return problems.length > 0 ? problems : [okResult(`${names.join(', ')} are active`)];
  },
};
