import { Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { parseContext } from '../../../infra/context.ts';
import { PREFIX } from '../../../infra/resources/bucket.ts';
import { BatchHandlerStack } from '../../../infra/stack.ts';
import { uploadKey } from '../../../shared/batch/ids.ts';
import { chunkKey, collectedBatchId } from '../../../shared/collector/lane.ts';
import {
  newApp,
  newHandler,
  newStack,
  resourceOf,
  resourcesOf,
  templateWith,
} from '../../support/handlerStack.ts';
import { plain } from '../monitoring/rendered.ts';

const COLLECTOR = { maxRequests: 500, maxAgeSeconds: 60 };

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: object;
}

describe('a handler with a collector', () => {
  const template = templateWith({ collector: COLLECTOR });

  it('has an encrypted queue that delivers its messages in batches', () => {
    const { logicalId } = resourceOf(template, 'AWS::SQS::Queue', 'BatchesCollectorQueue');
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: { 'Fn::GetAtt': [logicalId, 'Arn'] },
      BatchSize: 10_000,
      MaximumBatchingWindowInSeconds: 20,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 5 },
    });
    const { Properties } = resourceOf(template, 'AWS::SQS::Queue', 'BatchesCollectorQueue');
    expect(Properties).toMatchObject({
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 1_209_600,
      // Six times the function's timeout, and the batching window.
      VisibilityTimeout: 1920,
      RedrivePolicy: { maxReceiveCount: 5 },
    });
  });

  it('has an alarm on its dead letters that names the page', () => {
    const alarm = resourceOf(template, 'AWS::CloudWatch::Alarm', 'BatchesCollectorDeadLetters');
    expect(plain(alarm.Properties.AlarmDescription)).toContain(
      'docs/runbook.md#collector-dead-letters',
    );
  });

  it('may do what it does to its own items and objects, and nothing else', () => {
    const policy = resourceOf(template, 'AWS::IAM::Policy', 'BatchesCollectorRoleDefaultPolicy');
    const statements = policy.Properties.PolicyDocument.Statement as Statement[];
    const actions = statements.flatMap(({ Action }) => Action);
    expect([...new Set(actions)].sort()).toEqual([
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      's3:AbortMultipartUpload',
      's3:GetObject',
      's3:PutObject',
      'sqs:ChangeMessageVisibility',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:GetQueueUrl',
      'sqs:ReceiveMessage',
      'sqs:SendMessage',
    ]);
    for (const { Action, Condition } of statements) {
      if ([Action].flat().some((action) => action.startsWith('dynamodb:')))
        expect(JSON.stringify(Condition)).toMatch(/LeadingKeys.*"(collector|request)#\*"/);
    }
    const sends = statements.find(({ Action }) => [Action].flat().includes('sqs:SendMessage'));
    expect(JSON.stringify(sends?.Resource)).not.toContain('BatchesCollectorQueue');
  });

  it('has a sweeper that may send to the queue', () => {
    const policy = resourceOf(template, 'AWS::IAM::Policy', 'BatchesSweeperRoleDefaultPolicy');
    expect(JSON.stringify(policy.Properties)).toContain('BatchesCollectorQueue');
  });

  it('lets somebody send requests, and find them', () => {
    const stack = newStack();
    const user = new iam.User(stack, 'User');
    const { collector } = newHandler(stack, { collector: {} });
    collector?.grantSend(user);
    collector?.grantFind(user);
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([
          Match.objectLike({ Action: 'sqs:SendMessage' }),
          Match.objectLike({
            Action: 'dynamodb:GetItem',
            Condition: {
              'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['request#*'] },
              Null: { 'dynamodb:LeadingKeys': 'false' },
            },
          }),
        ]),
      }),
    });
  });
});

it('a handler without the prop has no collector', () => {
  const template = templateWith();
  for (const type of ['AWS::SQS::Queue', 'AWS::Lambda::Function', 'AWS::CloudWatch::Alarm'])
    expect(Object.keys(resourcesOf(template, type)).filter((id) => /Collector/.test(id))).toEqual(
      [],
    );
});

it('a provider that is no entry is refused with the names of those that are', () => {
  expect(() => templateWith({ collector: { provider: 'nobody' } })).toThrow(
    'collector.provider is nobody, which is no entry of providers: use one of openai',
  );
});

it('the stack uses the settings of cdk.json and outputs the queue’s URL', () => {
  const context = parseContext({ collector: COLLECTOR });
  const template = Template.fromStack(new BatchHandlerStack(newApp(), 'Test', context));
  const outputs = Object.keys(template.findOutputs('*'));
  expect(outputs).toContain('CollectorQueueUrl');
  expect(outputs).toContain('CollectorDeadLetterQueueArn');
  expect(() => parseContext({ collector: { maxRequests: 0 } })).toThrow('collector.maxRequests');
});

it('cdk-nag finds nothing without a written reason', () => {
  const app = newApp();
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const stack = new BatchHandlerStack(app, 'Test', parseContext({ collector: {} }));

  expect(new AwsSolutionsChecks().validateScope(stack).violations).toEqual([]);
  expect(() => app.synth()).not.toThrow();
});

it('the permissions are on the prefixes that the code writes under', () => {
  expect(chunkKey('token').startsWith(PREFIX.collector)).toBe(true);
  expect(uploadKey(collectedBatchId('lane', 1)).startsWith(PREFIX.collected)).toBe(true);
});
