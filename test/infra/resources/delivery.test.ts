import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { describe, expect, it } from 'vitest';
import {
  ENV,
  newApp,
  newHandler,
  newProcessor,
  newStack,
  resourceOf,
} from '../../support/handlerStack.ts';

const ARN = `arn:aws:lambda:${ENV.region}:${ENV.account}:function:mine`;
const ROLE_ARN = `arn:aws:iam::${ENV.account}:role/service-role/mine-role`;

/** What the handler's stack does for its processor. */
function wiringOf(stack: Stack) {
  const template = Template.fromStack(stack);
  const find = (type: string) => resourceOf(template, type, 'BatchesDelivery');
  const intake = resourceOf(template, 'AWS::Lambda::Function', 'BatchesIntake');
  return {
    settings: find('AWS::Lambda::EventInvokeConfig'),
    policy: find('AWS::IAM::Policy'),
    processorArn: intake.Properties.Environment.Variables.PROCESSOR_ARN,
  };
}

function imported(scope: Stack, functionArn: string, roleArn?: string): lambda.IFunction {
  if (roleArn === undefined) return lambda.Function.fromFunctionArn(scope, 'Imported', functionArn);
  const role = iam.Role.fromRoleArn(scope, 'ImportedRole', roleArn);
  return lambda.Function.fromFunctionAttributes(scope, 'Imported', { functionArn, role });
}

describe('a processor', () => {
  it('in the same stack is invoked, reports its outcome and may read the results', () => {
    const stack = newStack();
    newHandler(stack, { processor: newProcessor(stack) });

    const { settings, policy, processorArn } = wiringOf(stack);

    const outcomeQueue = {
      Destination: { 'Fn::GetAtt': [expect.stringMatching(/^BatchesOutcomeQueue/), 'Arn'] },
    };
    expect(settings.Properties).toEqual({
      FunctionName: { Ref: expect.stringMatching(/^Mine/) },
      Qualifier: '$LATEST',
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 15 * 60,
      DestinationConfig: { OnSuccess: outcomeQueue, OnFailure: outcomeQueue },
    });
    expect(processorArn).toEqual({ 'Fn::GetAtt': [settings.Properties.FunctionName.Ref, 'Arn'] });
    expect(policy.Properties.Roles).toEqual([{ Ref: expect.stringMatching(/^MineServiceRole/) }]);
    const on = (prefix: string) => ({
      'Fn::Join': [
        '',
        [{ 'Fn::GetAtt': [expect.stringMatching(/^BatchesBucket/), 'Arn'] }, prefix],
      ],
    });
    expect(policy.Properties.PolicyDocument.Statement).toEqual([
      { Effect: 'Allow', Action: 's3:GetObject', Resource: on('/batches/*') },
      {
        Effect: 'Allow',
        Action: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'],
        Resource: on('/processed/*'),
      },
      {
        Effect: 'Allow',
        Action: ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem'],
        Resource: { 'Fn::GetAtt': [expect.stringMatching(/^BatchesTable/), 'Arn'] },
        Condition: {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['once#*'] },
          Null: { 'dynamodb:LeadingKeys': 'false' },
        },
      },
      {
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Resource: outcomeQueue.Destination,
      },
    ]);
  });

  it('may send to the outcome queue before Lambda checks that it may', () => {
    const stack = newStack();
    newHandler(stack, { processor: newProcessor(stack) });

    const { settings, policy } = wiringOf(stack);

    expect(settings.DependsOn).toContain(policy.logicalId);
  });

  it('gets its settings after the alias that they name, and depends on no function twice', () => {
    const stack = newStack();
    newHandler(stack, { processor: newProcessor(stack).addAlias('live') });

    const { settings, policy } = wiringOf(stack);

    const { logicalId } = resourceOf(Template.fromStack(stack), 'AWS::Lambda::Alias', 'Mine');
    expect(settings.DependsOn?.toSorted()).toEqual([policy.logicalId, logicalId].toSorted());
  });

  it.each([
    ['before', 'weak', ['Theirs', 'Ours']],
    ['after', 'weak', ['Ours', 'Theirs']],
    ['before', 'strong', ['Theirs', 'Ours']],
    ['after', 'strong', ['Ours', 'Theirs']],
  ])('in a stack made %s the handler’s makes no cycle: %s references', (_when, strength, order) => {
    const app = newApp({ '@aws-cdk/core:defaultCrossStackReferences': strength });
    const stacks = Object.fromEntries(order.map((id) => [id, new Stack(app, id)]));
    const { Theirs: theirs, Ours: ours } = stacks as Record<'Theirs' | 'Ours', Stack>;
    newHandler(ours, { processor: newProcessor(theirs) });

    const { settings, policy } = wiringOf(ours);

    expect(ours.dependencies).toEqual([theirs]);
    expect(theirs.dependencies).toEqual([]);
    expect(settings.Properties.FunctionName).not.toEqual({ Ref: expect.anything() });
    expect(policy.Properties.Roles).toHaveLength(1);
    const theirTemplate = Template.fromStack(theirs);
    theirTemplate.resourceCountIs('AWS::Lambda::EventInvokeConfig', 0);
    theirTemplate.resourceCountIs('AWS::IAM::Policy', 0);
    theirTemplate.resourceCountIs('AWS::Lambda::Permission', 0);
  });

  it('imported by its ARN with its role', () => {
    const stack = newStack(newApp(), 'Test', { env: ENV });
    newHandler(stack, { processor: imported(stack, ARN, ROLE_ARN) });

    const { settings, policy, processorArn } = wiringOf(stack);

    expect(settings.Properties).toMatchObject({ FunctionName: 'mine', Qualifier: '$LATEST' });
    expect(policy.Properties.Roles).toEqual(['mine-role']);
    expect(processorArn).toBe(ARN);
  });

  it('imported into a stack for any account', () => {
    const stack = newStack();
    newHandler(stack, { processor: imported(stack, ARN, ROLE_ARN) });

    expect(wiringOf(stack).policy.Properties.Roles).toEqual(['mine-role']);
  });

  it('imported by the ARN of an alias', () => {
    const stack = newStack(newApp(), 'Test', { env: ENV });
    newHandler(stack, { processor: imported(stack, `${ARN}:live`, ROLE_ARN) });

    const { settings, processorArn } = wiringOf(stack);

    expect(settings.Properties).toMatchObject({ FunctionName: 'mine', Qualifier: 'live' });
    expect(processorArn).toBe(`${ARN}:live`);
  });

  it('with async settings of its own is invoked through an alias, which has its own', () => {
    const stack = newStack();
    const processor = newProcessor(stack, { retryAttempts: 2 });
    newHandler(stack, { processor: processor.addAlias('batches') });

    const { settings, policy, processorArn } = wiringOf(stack);

    expect(settings.Properties).toMatchObject({
      FunctionName: { Ref: expect.stringMatching(/^Mine/) },
      Qualifier: 'batches',
    });
    expect(settings.DependsOn).toContainEqual(expect.stringMatching(/^MineAlias/));
    expect(processorArn).toEqual({ Ref: expect.stringMatching(/^MineAlias/) });
    expect(policy.Properties.Roles).toEqual([{ Ref: expect.stringMatching(/^MineServiceRole/) }]);
  });
});

describe('an invalid processor fails the synthesis with the fix', () => {
  const elsewhere = { account: '222222222222', region: ENV.region };

  it.each([
    ['account', { arn: ARN.replace(ENV.account, elsewhere.account), other: elsewhere }],
    [
      'region',
      {
        arn: ARN.replace(ENV.region, 'us-east-1'),
        other: { account: ENV.account, region: 'us-east-1' },
      },
    ],
  ])('in another %s', (what, { arn, other }) => {
    const app = newApp();
    const ours = newStack(app, 'Ours', { env: ENV });
    const theirs = newStack(app, 'Theirs', { env: other });
    const fix = `deploy both to the same ${what}`;

    expect(() => newHandler(ours, { processor: imported(ours, arn, ROLE_ARN) })).toThrow(fix);
    expect(() => newHandler(ours, { id: 'Other', processor: newProcessor(theirs) })).toThrow(fix);
  });

  it('in a stack for one account, with a handler for any account', () => {
    const app = newApp();
    const theirs = newStack(app, 'Theirs', { env: ENV });

    expect(() => newHandler(newStack(app), { processor: newProcessor(theirs) })).toThrow(
      `is in account ${ENV.account}, the handler in any account: deploy both to the same account`,
    );
  });

  it('without a role', () => {
    const stack = newStack(newApp(), 'Test', { env: ENV });

    expect(() => newHandler(stack, { processor: imported(stack, ARN) })).toThrow(
      /the role of the processor Test\/Imported is not known.*fromFunctionAttributes.*processorRoleArn/,
    );
  });

  it.each<[string, (stack: Stack, processor: lambda.Function) => unknown]>([
    ['set with the function', () => undefined],
    ['set by its method', (_, processor) => processor.configureAsyncInvoke({ retryAttempts: 1 })],
    [
      'set by a construct',
      (stack, processor) =>
        new lambda.EventInvokeConfig(stack, 'Settings', { function: processor, retryAttempts: 1 }),
    ],
    [
      'set by a resource',
      (stack, processor) =>
        new lambda.CfnEventInvokeConfig(stack, 'Settings', {
          functionName: (processor.node.defaultChild as lambda.CfnFunction).ref,
          qualifier: '$LATEST',
        }),
    ],
    ['set by another handler', (stack, processor) => newHandler(stack, { id: 'Other', processor })],
  ])('with async settings of its own, %s', (how, configure) => {
    const app = newApp();
    const theirs = newStack(app, 'Theirs');
    const processor = newProcessor(
      theirs,
      how === 'set with the function' ? { retryAttempts: 1 } : {},
    );
    newHandler(newStack(app, 'Ours'), { processor });
    configure(theirs, processor);

    expect(() => app.synth()).toThrow(/has async settings already, at Theirs\/.*pass an alias/);
  });
});
