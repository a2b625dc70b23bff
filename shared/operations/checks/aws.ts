import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetAccountSettingsCommand, GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { messageOf } from '../../batch/errors.ts';
import { PACKAGE_VERSION } from '../../package.ts';
import { type Check, durationText, type Found, note, ok, problem } from '../findings.ts';

export const credentials: Check = {
  name: 'credentials',
  permissions: [],
  async run({ sts }) {
    const { Account: account, Arn: arn } = await sts.send(new GetCallerIdentityCommand({}));
    return [ok(`${arn} in account ${account}`)];
  },
};

/** AWS refuses signatures from 5 minutes on; long before, ages and times told here are wrong. */
const MAX_SKEW_MS = 60_000;

export const clock: Check = {
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
    if (Number.isNaN(time)) throw new Error('the answer of AWS has no date');
    const skewMs = now() - time;
    // Dates are cut to the second.
    if (Math.abs(skewMs) <= MAX_SKEW_MS) return [ok('as that of AWS')];
    const direction = skewMs > 0 ? 'ahead of' : 'behind';
    return [
      problem(
        `this machine is ${durationText(Math.abs(skewMs))} ${direction} AWS: its signatures and the ages below are wrong`,
        'set the clock of this machine (timedatectl set-ntp true)',
      ),
    ];
  },
};

/** The worker's event source alone invokes up to 10 at a time, by default. */
const COMFORTABLE_CONCURRENCY = 50;

export const concurrency: Check = {
  name: 'lambda quota',
  permissions: ['lambda:GetAccountSettings'],
  async run({ lambda }) {
    const { AccountLimit: limits = {} } = await lambda.send(new GetAccountSettingsCommand({}));
    const { ConcurrentExecutions: all, UnreservedConcurrentExecutions: free = 0 } = limits;
    const what = `${free} of ${all} concurrent executions are not reserved`;
    if (free >= COMFORTABLE_CONCURRENCY) return [ok(what)];
    return [
      note(
        `${what}: functions of the account that share them slow the handler down`,
        'ask for more: Service Quotas, AWS Lambda, Concurrent executions',
      ),
    ];
  },
};

export const stack: Check = {
  name: 'stack',
  permissions: ['cloudformation:DescribeStacks'],
  async run({ cloudFormation, connection: { handler } }) {
    const { Stacks: [found] = [] } = await cloudFormation.send(
      new DescribeStacksCommand({ StackName: handler.stack }),
    );
    const status = found?.StackStatus ?? 'unknown';
    const what = `${handler.path} in stack ${handler.stack}: ${status}`;
    const events = `see aws cloudformation describe-stack-events --stack-name ${handler.stack}`;
    if (/FAILED$|DELETE/.test(status)) return [problem(what, events)];
    if (/ROLLBACK_COMPLETE$/.test(status))
      return [note(`${what}: the last deployment was undone`, events)];
    return [status.endsWith('IN_PROGRESS') ? note(what) : ok(what)];
  },
};

/** Whether this command line and the deployed handler understand each other. */
export const version: Check = {
  name: 'version',
  permissions: [],
  async run({ connection: { handler } }) {
    const { version: deployed = 'of an unknown version' } = handler;
    try {
      const entries = Object.keys(handler.settings().providers);
      const what = `${deployed} is deployed, with ${entries.join(', ')}`;
      if (deployed === PACKAGE_VERSION) return [ok(what)];
      return [note(`${what}; this command line is ${PACKAGE_VERSION}`)];
    } catch (error) {
      return [problem(messageOf(error), 'use the command line of the version that is deployed')];
    }
  },
};

const FUNCTIONS = ['intake', 'sweeper', 'worker', 'outcome', 'collector', 'webhook'] as const;

export const functions: Check = {
  name: 'functions',
  permissions: ['lambda:GetFunctionConfiguration'],
  async run({ lambda, connection: { handler } }) {
    const found: Found[] = [];
    const names = FUNCTIONS.filter((name) => handler.resources[name] !== undefined);
    for (const name of names) {
      const configuration = await lambda.send(
        new GetFunctionConfigurationCommand({ FunctionName: handler.resources[name] }),
      );
      const { State: state, StateReason: why } = configuration;
      const { LastUpdateStatus: update, LastUpdateStatusReason: whyNot } = configuration;
      if (state === 'Failed' || update === 'Failed')
        found.push(
          problem(
            `${name} cannot run: ${why ?? whyNot ?? 'Lambda tells no reason'}`,
            'deploy the stack again',
          ),
        );
    }
    return found.length > 0 ? found : [ok(`${names.join(', ')} are active`)];
  },
};
