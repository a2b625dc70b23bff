import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { messageOf } from '../../../batch/errors.ts';
import { PACKAGE_VERSION } from '../../../packageVersion.ts';
import type { Check } from '../check.ts';
import { type Found, note, ok, problem } from '../finding.ts';

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
