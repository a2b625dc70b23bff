import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { parseContext } from '../../../infra/context.ts';
import { BatchHandlerStack } from '../../../infra/stack.ts';
import { newApp, resourceOf, resourcesOf, templateWith } from '../../support/handlerStack.ts';

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}

function inboxStatements(template: Template, name: string): string[] {
  const policy = resourceOf(template, 'AWS::IAM::Policy', `Batches${name}RoleDefaultPolicy`);
  return (policy.Properties.PolicyDocument.Statement as Statement[])
    .flatMap(({ Action, Resource }) =>
      [Action]
        .flat()
        .flatMap((action) => [Resource].flat().map((on) => `${action} ${JSON.stringify(on)}`)),
    )
    .flatMap((text) => {
      const [, action, key] = /^(\S+) .*"\/(inbox\/[^"]*)"/.exec(text) ?? [];
      return action === undefined ? [] : [`${action} ${key}`];
    })
    .sort();
}

describe('a handler with an inbox', () => {
  const template = templateWith({ inbox: true });
  const bucket = resourceOf(template, 'AWS::S3::Bucket', 'BatchesBucket');
  const queue = resourceOf(template, 'AWS::SQS::Queue', 'BatchesBatchQueue');
  const rule = resourceOf(template, 'AWS::Events::Rule', 'BatchesInboxFilePut');

  it('makes S3 publish to EventBridge without a function of CDK’s own', () => {
    expect(bucket.Properties.NotificationConfiguration).toEqual({
      EventBridgeConfiguration: { EventBridgeEnabled: true },
    });
    expect(resourcesOf(template, 'Custom::S3BucketNotifications')).toEqual({});
  });

  it('sends what is put under inbox/ to the batch queue, and only that', () => {
    expect(rule.Properties.EventPattern).toEqual({
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: {
        bucket: { name: [{ Ref: bucket.logicalId }] },
        object: { key: [{ wildcard: 'inbox/*.jsonl' }] },
      },
    });
    expect(rule.Properties.EventBusName).toBeUndefined();
    const [target, ...others] = rule.Properties.Targets;
    expect(others).toEqual([]);
    expect(target.Arn).toEqual({ 'Fn::GetAtt': [queue.logicalId, 'Arn'] });
    const { InputPathsMap: paths, InputTemplate: text } = target.InputTransformer;
    expect(text.replaceAll(/<([^>]+)>/g, (_: string, name: string) => paths[name])).toBe(
      '{"action":"inbox","key":$.detail.object.key,"etag":$.detail.object.etag}',
    );
  });

  it('lets EventBridge send for this rule only', () => {
    const policies = Object.values(resourcesOf(template, 'AWS::SQS::QueuePolicy'));
    const allowed = policies
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
      .filter(({ Effect }) => Effect === 'Allow');
    expect(allowed).toHaveLength(1);
    expect(allowed[0]).toMatchObject({
      Principal: { Service: 'events.amazonaws.com' },
      Resource: { 'Fn::GetAtt': [queue.logicalId, 'Arn'] },
    });
    expect(JSON.stringify(allowed[0].Condition)).toContain(rule.logicalId);
  });

  it.each(['Intake', 'Worker'])('lets the %s read files and write rejections', (name) => {
    expect(inboxStatements(template, name)).toEqual([
      's3:GetObject inbox/*',
      's3:PutObject inbox/*.rejected.json',
    ]);
  });

  it.each(['Sweeper', 'Outcome'])('gives the %s nothing', (name) => {
    expect(inboxStatements(template, name)).toEqual([]);
  });

  it('keeps the files as long as uploads', () => {
    const rules: { Id: string; Prefix: string; ExpirationInDays: number }[] =
      bucket.Properties.LifecycleConfiguration.Rules;
    const age = (id: string) => rules.find(({ Id }) => Id === id)?.ExpirationInDays;
    expect(rules).toContainEqual(expect.objectContaining({ Id: 'inbox', Prefix: 'inbox/' }));
    expect(age('inbox')).toBe(age('uploads'));
  });
});

it.each([
  ['without it', templateWith()],
  ['with false', templateWith({ inbox: false })],
])('a handler %s has none of it', (_what, template) => {
  expect(JSON.stringify(template.toJSON().Resources)).not.toMatch(/"\/?inbox|InboxFilePut/);
});

it('cdk.json opts in, and refuses what is no yes or no', () => {
  const stack = new BatchHandlerStack(newApp(), 'Test', parseContext({ inbox: true }));
  resourceOf(Template.fromStack(stack), 'AWS::Events::Rule', 'BatchesInboxFilePut');
  expect(() => parseContext({ inbox: 'yes' })).toThrow(
    'batchHandler.inbox: "yes" is neither true nor false',
  );
});
