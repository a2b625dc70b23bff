import { Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { describe, expect, it } from 'vitest';
import {
  newHandler,
  newStack,
  resourceOf,
  resourcesOf,
  templateWith,
} from '../../support/handlerStack.ts';

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: object;
}

function statementsOf(template: Template, name: string): readonly Statement[] {
  const policy = resourceOf(template, 'AWS::IAM::Policy', `Batches${name}RoleDefaultPolicy`);
  return policy.Properties.PolicyDocument.Statement;
}

const mentions = (statements: readonly Statement[], action: string) =>
  JSON.stringify(statements.filter(({ Action }) => [Action].flat().includes(action)));

describe('a handler with an API', () => {
  const template = templateWith({ api: true });
  const api = resourceOf(template, 'AWS::Lambda::Function', 'BatchesApi');
  const statements = statementsOf(template, 'Api');

  it('has one function behind a URL, which the key of each request guards', () => {
    const urls = Object.values(resourcesOf(template, 'AWS::Lambda::Url'));
    expect(urls.map(({ Properties }) => Properties)).toEqual([
      { AuthType: 'NONE', TargetFunctionArn: { 'Fn::GetAtt': [api.logicalId, 'Arn'] } },
    ]);
    expect(api.Properties).toMatchObject({ Timeout: 60, MemorySize: 512, Handler: 'api.handler' });
    expect(api.Properties).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  it('tells its URL, as clients of OpenAI take it', () => {
    const outputs = template.findOutputs('BatchesApiUrl');
    expect(JSON.stringify(outputs)).toMatch(/FunctionUrl"\]},"v1"/);
    const handler = newHandler(newStack(), { api: true });
    expect(handler.api?.function).toBe(handler.functions.api);
  });

  it('cannot read a provider’s key, write a key of its own, or change rows', () => {
    const actions = statements.flatMap(({ Action }) => Action);
    expect(actions.filter((action) => action.startsWith('secretsmanager:'))).toEqual([]);
    expect(mentions(statements, 'dynamodb:GetItem')).toContain('"key#*"');
    expect(mentions(statements, 'dynamodb:PutItem')).not.toContain('"key#*"');
    for (const action of ['s3:PutObject', 's3:DeleteObject']) {
      expect(mentions(statements, action)).toMatch(/\/uploads\/files\/\*.*\/uploads\/parts\/\*/);
      expect(mentions(statements, action)).not.toMatch(/\/batches\/|\/uploads\/\*/);
    }
    expect(mentions(statements, 'sqs:SendMessage')).toMatch(/BatchesWorkQueue(?!.*Queue)/);
    expect(mentions(statements, 'dynamodb:Query')).toMatch(/index\/created(?!.*index)/);
  });

  it('lets the worker put uploads together, and only then', () => {
    const added = (worker: readonly Statement[]) => [
      mentions(worker, 's3:PutObject').includes('uploads/files/'),
      mentions(worker, 's3:DeleteObject').includes('uploads/parts/'),
      mentions(worker, 'dynamodb:PutItem').includes('upload#'),
    ];
    expect(added(statementsOf(template, 'Worker'))).toEqual([true, true, true]);
    expect(added(statementsOf(templateWith(), 'Worker'))).toEqual([false, false, false]);
  });

  it('forgets the parts of uploads after three days, in a bucket of its own or of the app', () => {
    const parts = (found: Template, prefix: string) =>
      found.hasResourceProperties('AWS::S3::Bucket', {
        LifecycleConfiguration: {
          Rules: Match.arrayWith([Match.objectLike({ Prefix: prefix, ExpirationInDays: 3 })]),
        },
      });
    parts(template, 'uploads/parts/');
    const stack = newStack();
    const bucket = new s3.Bucket(stack, 'Given');
    const handler = newHandler(stack, { api: true, bucket, bucketPrefix: 'mine/' });
    expect(handler.node.validate()).toEqual([]);
    parts(Template.fromStack(stack), 'mine/uploads/parts/');
    expect(() => parts(templateWith(), 'uploads/parts/')).toThrow();
  });
});

it('grants what serving it and managing its keys need, to people', () => {
  const stack = newStack();
  const handler = newHandler(stack);
  const role = (id: string) =>
    new iam.Role(stack, id, { assumedBy: new iam.AccountRootPrincipal() });
  handler.grantServe(role('Server'));
  handler.grantManageKeys(role('Keeper'));
  const template = Template.fromStack(stack);
  const granted = (name: string): readonly Statement[] =>
    resourceOf(template, 'AWS::IAM::Policy', name).Properties.PolicyDocument.Statement;

  // What the function may do, and what finds the handler and its event bus.
  const own = (statements: readonly Statement[]) =>
    statements.filter(({ Action }) => !/^logs:/.test([Action].flat()[0] ?? ''));
  const server = granted('Server');
  const found = server.filter(({ Action }) =>
    /cloudformation:|GetFunctionConf/.test(String(Action)),
  );
  expect(found).toHaveLength(2);
  const ofFunction = statementsOf(templateWith({ api: true }), 'Api');
  expect(server.filter((each) => !found.includes(each))).toEqual(own(ofFunction));

  const keeper = granted('Keeper');
  expect(mentions(keeper, 'dynamodb:PutItem')).toContain('["key#*","tenant#*"]');
  expect(JSON.stringify(keeper)).not.toMatch(/s3:|sqs:|lambda:/);
});

it('takes a bound on what a flood can cost, a timeout and a size', () => {
  const props = { reservedConcurrency: 3, timeout: Duration.seconds(45), memorySize: 1024 };
  const api = resourceOf(templateWith({ api: props }), 'AWS::Lambda::Function', 'BatchesApi');
  expect(api.Properties).toMatchObject({
    ReservedConcurrentExecutions: 3,
    Timeout: 45,
    MemorySize: 1024,
  });
});

it.each([
  [{ timeout: Duration.seconds(20) }, 'api.timeout is 20 seconds: use at least 30'],
  [{ reservedConcurrency: 0 }, 'api.reservedConcurrency is 0: must be a whole number above 0'],
])('refuses %o', (api, message) => {
  expect(() => templateWith({ api })).toThrow(message);
});

it('refuses to keep its files beside batches that are somewhere else', () => {
  const runtime = { entry: import.meta.filename, replaces: ['batches'] as const };
  expect(() => newHandler(newStack(), { api: true, runtime })).toThrow(
    'api does not work with runtime.replaces naming batches without items',
  );
});

it('is not there without the prop', () => {
  expect(Object.keys(resourcesOf(templateWith(), 'AWS::Lambda::Url'))).toEqual([]);
  expect(newHandler(newStack(), { api: false }).api).toBeUndefined();
});

it('works on resources of a user’s code, without permissions on what is replaced', () => {
  const stack = newStack();
  const replaces = ['items', 'objects', 'queues', 'processor', 'bus', 'secrets'] as const;
  newHandler(stack, { api: true, runtime: { entry: import.meta.filename, replaces } });
  const actions = statementsOf(Template.fromStack(stack), 'Api').flatMap(({ Action }) => Action);
  expect(actions.filter((action) => !/^logs:/.test(action))).toEqual([]);
});
