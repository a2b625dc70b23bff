import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { expect, test } from 'vitest';
import { unsupportedLines } from '../../../local/template/unsupported.ts';
import { eventually } from '../fixtures/eventually.ts';
import { bodiesIn, sdkSettings } from '../fixtures/toyAccess.ts';
import { startToyStack, toyWith } from '../fixtures/toyStack.ts';

const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

function withRule(properties: object): string {
  return toyWith((template) => {
    template.Resources.Bus = { Type: 'AWS::Events::EventBus', Properties: { Name: 'mine' } };
    template.Resources.Rule = { Type: 'AWS::Events::Rule', Properties: { ...properties } };
  });
}

const entry = (bus: string | undefined, size: number) => ({
  ...(bus === undefined ? {} : { EventBusName: bus }),
  Source: 'test',
  DetailType: 'Tested',
  Detail: JSON.stringify({ size }),
});

test('an event comes to the queues and functions of the rules that it fits, on its bus only', async () => {
  // Prepare
  const directory = withRule({
    EventBusName: { Ref: 'Bus' },
    EventPattern: { source: ['test'], detail: { size: [{ numeric: ['>', 1] }] } },
    Targets: [
      { Id: 'queue', Arn: arnOf('Outcomes'), InputPath: '$.detail' },
      {
        Id: 'function',
        Arn: arnOf('Worker'),
        Input: '{"does":"throw"}',
      },
    ],
  });
  const stack = await startToyStack({}, directory);
  const client = new EventBridgeClient(sdkSettings(stack));

  // Act
  const { Entries: entries } = await client.send(
    new PutEventsCommand({
      Entries: [
        entry('mine', 2),
        entry('mine', 1),
        entry(undefined, 3),
        { ...entry('mine', 4), Detail: 'no JSON' },
      ],
    }),
  );

  // Assess
  expect(entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
    undefined,
    undefined,
    undefined,
    'MalformedDetail',
  ]);
  const bodies = await eventually(
    () => bodiesIn(stack, 'Outcomes'),
    (found) => found.length > 1,
  );
  expect(bodies[0]).toBe('{"size":2}');
  expect(bodies.slice(1).map((body) => JSON.parse(body))).toEqual([
    expect.objectContaining({ requestPayload: { does: 'throw' } }),
  ]);
});

test.each([
  [{ EventPattern: { source: [{ cidr: '10.0.0.0/8' }] } }, 'the pattern.source: {"cidr"'],
  [
    {
      EventPattern: { source: ['a'] },
      Targets: [{ Id: 'a', Arn: 'arn:aws:sqs:us-east-1:000000000000:elsewhere' }],
    },
    'elsewhere, which is not run locally',
  ],
  [{ ScheduleExpression: 'rate(1 day)' }, 'only the schedules of EventBridge Scheduler'],
])('a rule that cannot be executed is unsupported, and named: %#', async (properties, message) => {
  const { resources } = await startToyStack({}, withRule(properties));
  expect(resources.rules).toEqual([]);
  expect(unsupportedLines(resources.unsupported)).toEqual([
    expect.stringContaining('not run locally: Rule (AWS::Events::Rule): '),
  ]);
  expect(unsupportedLines(resources.unsupported).join()).toContain(message);
});
