import { Template } from 'aws-cdk-lib/assertions';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { expect, it } from 'vitest';
import { newApp, newHandler, newStack, resourceOf, resourcesOf } from '../support/handlerStack.ts';

it('a rule matches the state changes that it asks for', () => {
  const stack = newStack();
  const batches = newHandler(stack);
  const onCall = new sqs.Queue(stack, 'OnCall');

  new events.Rule(stack, 'Failed', {
    eventPattern: batches.eventPattern({ to: ['failed'], providers: ['openai'] }),
    targets: [new targets.SqsQueue(onCall)],
  });
  new events.Rule(stack, 'Retried', {
    eventPattern: batches.eventPattern({ from: ['retrying'] }),
  });
  new events.Rule(stack, 'Any', { eventPattern: batches.eventPattern() });

  const template = Template.fromStack(stack);
  const common = { source: ['batch-handler'], 'detail-type': ['Batch State Change'] };
  const pattern = (id: string) =>
    resourceOf(template, 'AWS::Events::Rule', id).Properties.EventPattern;
  expect(pattern('Failed')).toEqual({
    ...common,
    detail: { to: ['failed'], provider: ['openai'] },
  });
  expect(pattern('Retried')).toEqual({ ...common, detail: { from: ['retrying'] } });
  expect(pattern('Any')).toEqual(common);
});

it('publishes to a bus of another stack, and to no other', () => {
  const app = newApp();
  const eventBus = new events.EventBus(newStack(app, 'Buses'), 'Bus');
  const stack = newStack(app, 'Batches');
  newHandler(stack, { eventBus });

  const template = Template.fromStack(stack);

  const { Properties } = resourceOf(template, 'AWS::Lambda::Function', 'BatchesOutcome');
  expect(JSON.stringify(Properties.Environment.Variables.EVENT_BUS_NAME)).toContain('"Buses"');
  const allowed = Object.values(resourcesOf(template, 'AWS::IAM::Policy'))
    .flatMap(({ Properties: { PolicyDocument } }) => PolicyDocument.Statement)
    .filter(({ Action }) => Action === 'events:PutEvents');
  expect(allowed).toHaveLength(4);
  for (const { Resource } of allowed) expect(JSON.stringify(Resource)).toMatch(/"Buses".*Arn/);
});
