import { GetAccountSettingsCommand } from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { durationText } from '../../durationText.ts';
import type { Check } from '../check.ts';
import { note, ok, problem } from '../finding.ts';

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
