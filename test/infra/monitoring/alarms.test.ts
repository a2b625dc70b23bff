import { Duration } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as sns from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import { ALARMS } from '../../../infra/monitoring/alarms.ts';
import { LlmProvider } from '../../../infra/providers/llmProvider.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { cliRun } from '../../support/cliRun.ts';
import { newApp, newHandler, newStack, templateWith } from '../../support/handlerStack.ts';
import { alarmsOf, EVERYTHING, plain, templateOf } from './rendered.ts';

function alarmNamed(template: Template, id: string) {
  const found = alarmsOf(template).find(({ logicalId }) => logicalId.startsWith(`Batches${id}`));
  return found?.properties;
}

describe('the alarm on missing sweeps', () => {
  it('fires when every invocation of the sweeper fails, or there is none, for ten minutes', () => {
    expect(alarmNamed(templateWith(), 'NoSweep')).toMatchObject({
      ...{ Namespace: 'AWS/Lambda', MetricName: 'Errors', Statistic: 'Minimum' },
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      ...{ Threshold: 1, Period: 60, EvaluationPeriods: 10 },
      TreatMissingData: 'breaching',
    });
  });

  it('waits for three sweeps of a slow schedule', () => {
    const template = templateWith({ schedule: Duration.minutes(15) });
    expect(alarmNamed(template, 'NoSweep')).toMatchObject({ Period: 900, EvaluationPeriods: 3 });
  });

  it('cannot be shorter than the schedule, nor longer than a day', () => {
    const props = { schedule: Duration.minutes(15), alarms: { noSweepMinutes: 10 } };
    expect(() => templateWith(props)).toThrow(
      'alarms.noSweepMinutes is 10, but there is a sweep every 15 minutes: use at least twice as many',
    );
    expect(() => templateWith({ alarms: { noSweepMinutes: 1_441 } })).toThrow(
      'alarms.noSweepMinutes is 1441: CloudWatch looks back 1440 at most',
    );
  });
});

describe('the alarm on sweeps that fail', () => {
  it('looks back over three sweeps that hang until they are killed, with the wait for their leases', () => {
    for (const minutes of [1, 2, 3, 4, 5, 10]) {
      const template = templateWith({ schedule: Duration.minutes(minutes) });
      const { Period, Threshold } = alarmNamed(template, 'SweeperErrors') ?? {};
      // Five minutes and a lease of half a minute more: then the next sweep begins.
      const killedEvery = Math.ceil(5.5 / minutes) * minutes;
      expect(Threshold).toBe(3);
      expect(Period / 60).toBeGreaterThanOrEqual(3 * killedEvery);
    }
  });

  it('and on batches that sweeps cannot process reaches one that 10 of 15 cannot', () => {
    for (const minutes of [1, 10]) {
      const template = templateWith({ schedule: Duration.minutes(minutes) });
      const alarm = { MetricName: 'SweepErrors', Threshold: 10, Period: 15 * 60 * minutes };
      expect(alarmNamed(template, 'SweepErrors')).toMatchObject(alarm);
    }
  });
});

describe('alarms', () => {
  it('accept other thresholds, in the unit of the setting’s name', () => {
    const alarms = { oldestQueuedHours: 2, sweepLagMinutes: 5, batchesFailed: 7 };
    const template = templateWith({ alarms });
    expect(alarmNamed(template, 'OldestQueued')).toMatchObject({ Threshold: 7_200 });
    expect(alarmNamed(template, 'SweepLag')).toMatchObject({ Threshold: 300 });
    expect(alarmNamed(template, 'BatchesFailed')).toMatchObject({ Threshold: 7 });
  });

  it('can be removed one by one and all together', () => {
    const numberOf = (alarms: object) => {
      const providers = { openai: LlmProvider.openAi({ dailyBudget: 5 }) };
      return newHandler(newStack(), { providers, collector: {}, api: true, shards: 2, alarms })
        .alarms.length;
    };
    const names = Object.keys(ALARMS);
    const off = names.map((name) => [name, false] as const);
    for (const [name, is] of off)
      expect(numberOf({}) - numberOf({ [name]: is }), name).toBe(name === 'deadLetters' ? 4 : 1);
    expect(numberOf(Object.fromEntries(off))).toBe(0);
  });

  it('refuse a threshold that can never be reached or left', () => {
    expect(() => templateWith({ alarms: { batchesFailed: 0 } })).toThrow(
      'alarms.batchesFailed is 0: must be above 0, or false for no such alarm',
    );
    expect(() => templateOf({ alarms: { batchesFailed: -1 } })).toThrow(
      'batchHandler.alarms.batchesFailed: -1 must be a number above 0, or false',
    );
  });

  it('watch a budget only if an entry has one', () => {
    expect(alarmNamed(templateWith(), 'BudgetWaits')).toBeUndefined();
    expect(alarmNamed(templateOf(EVERYTHING), 'BudgetWaits')).toBeDefined();
  });

  it('notify the topic when they fire and when they recover', () => {
    const stack = newStack();
    const topic = new sns.Topic(stack, 'OnCall');
    const handler = newHandler(stack, { alarmTopic: topic });

    const template = Template.fromStack(stack);

    const alarms = alarmsOf(template);
    expect(alarms).toHaveLength(handler.alarms.length);
    for (const { properties } of alarms) {
      expect(properties.AlarmActions).toEqual([stack.resolve(topic.topicArn)]);
      expect(properties.OKActions).toEqual(properties.AlarmActions);
    }
  });

  it('notify nobody without a topic', () => {
    for (const { properties } of alarmsOf(templateWith()))
      expect(properties.AlarmActions).toBeUndefined();
  });

  it('notify a topic for each severity, and the one for all without', () => {
    const stack = newStack();
    const all = new sns.Topic(stack, 'All');
    const page = new sns.Topic(stack, 'Page');
    newHandler(stack, { alarmTopic: all, alarmTopics: { page } });
    const template = Template.fromStack(stack);
    const actionsOf = (id: string) => alarmNamed(template, id)?.AlarmActions;

    expect(actionsOf('NoSweep')).toEqual([stack.resolve(page.topicArn)]);
    expect(actionsOf('InputsRefused')).toEqual([stack.resolve(all.topicArn)]);
  });

  it('say how soon somebody has to look, what to type first and where to read on', () => {
    expect(plain(alarmNamed(templateWith(), 'BatchesFailed')?.AlarmDescription)).toBe(
      [
        'A batch ended without a success, or the processor never accepted its results. (page)',
        'First: npx batch-handler list --status failed --stack Test --handler Test/Batches --region <AWS::Region>',
        `Then: https://unpkg.com/batch-handler@${packageJson.version}/docs/runbook.md#batches-failed`,
      ].join('\n\n'),
    );
  });

  it('lead to docs, or to a runbook, of the user’s own', () => {
    const runbook = 'https://wiki.example/on-call';
    for (const [props, begin] of [
      [{ docsUrl: 'https://wiki.example/docs//' }, 'https://wiki.example/docs/runbook.md'],
      [{ docsUrl: 'https://wiki.example/docs', runbook }, runbook],
    ] as const)
      for (const { properties } of alarmsOf(templateWith(props)))
        expect(plain(properties.AlarmDescription).split('Then: ')[1]).toMatch(
          new RegExp(`^${begin}#[a-z-]+$`),
        );
  });

  it('refuse what nobody could follow as the address of the docs', () => {
    for (const docsUrl of ['', 'wiki.example/docs', '/docs'])
      expect(() => templateWith({ docsUrl })).toThrow(
        `docsUrl is "${docsUrl}": give an address that begins with https://`,
      );
  });

  it('name the handler as one word of the shell', () => {
    const template = templateWith({ id: "it's" } as object);
    const [alarm] = alarmsOf(template);
    expect(plain(alarm?.properties.AlarmDescription)).toContain(
      "--handler 'Test/it'\\''s' --region",
    );
  });

  it('have texts that CloudWatch takes, also with a long name of the stack', () => {
    const stack = newStack(newApp(), 'S'.repeat(128));
    newHandler(stack);
    const template = Template.fromStack(stack);
    for (const { properties } of alarmsOf(template))
      expect(plain(properties.AlarmDescription).length).toBeLessThan(1024);
  });

  it('begin with commands that the command line has', async () => {
    const stack = newStack();
    const handler = newHandler(stack, { collector: {} });
    const texts = alarmsOf(Template.fromStack(stack)).map(({ properties }) =>
      plain(properties.AlarmDescription),
    );
    const commands = texts.map((text) => /batch-handler (.+) --stack/.exec(text)?.[1] ?? '');

    expect(commands).toHaveLength(handler.alarms.length);
    for (const command of new Set(commands)) {
      const { stderr } = await cliRun([...command.split(' '), '--local=nowhere']);
      expect(stderr, command).toMatch(/^no local stack runs in nowhere/);
    }
  });
});
