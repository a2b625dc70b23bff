import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { describe, expect, it } from 'vitest';
import { parseContext } from '../../../infra/context.ts';
import { LlmProvider } from '../../../infra/providers/llmProvider.ts';
import { PREFIX } from '../../../infra/resources/bucket.ts';
import { BatchHandlerStack } from '../../../infra/stack.ts';
import { PROVIDER_FILES } from '../../../shared/providers/bedrock/api.ts';
import {
  ENV,
  newApp,
  newHandler,
  newStack,
  resourceOf,
  templateWith,
} from '../../support/handlerStack.ts';

const HAIKU = 'anthropic.claude-haiku-4-5-20251001-v1:0';
const NOVA = 'amazon.nova-lite-v1:0';

/** The template for these options, in a stack of a known place. */
function templateOf(options: Parameters<typeof LlmProvider.bedrock>[0]): Template {
  const stack = newStack(newApp(), 'Test', { env: ENV });
  newHandler(stack, { providers: { mine: LlmProvider.bedrock(options) } });
  return Template.fromStack(stack);
}

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: object;
}

/** Each action with each of its resources, and its condition if it has one. */
function grantsOf(template: Template, policy: string, actions: RegExp): string[] {
  const { Statement } = resourceOf(template, 'AWS::IAM::Policy', policy).Properties.PolicyDocument;
  return (Statement as Statement[])
    .flatMap(({ Action, Resource, Condition }) =>
      [Action].flat().flatMap((action) =>
        [Resource].flat().map((on) => {
          const condition = Condition ? ` if ${JSON.stringify(Condition)}` : '';
          return `${action} ${textOf(on)}${condition}`;
        }),
      ),
    )
    .filter((grant) => actions.test(grant))
    .sort();
}

/** An ARN as text, without the hashes of logical ids. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as Record<string, unknown[]>;
  if (join) return (join[1] as unknown[]).map(textOf).join('');
  const name = String(attribute?.[0] ?? Ref).replace(/[0-9A-F]{8}$/, '');
  return name === 'AWS::Partition' ? 'aws' : `<${name}>`;
}

const ACCOUNT = `eu-west-1:${ENV.account}`;
const JOBS = `arn:aws:bedrock:${ACCOUNT}:model-invocation-job/*`;
const FILES = '<BatchesBucket>/provider-files/*';
const LIST_FILES =
  's3:ListBucket <BatchesBucket> if {"StringLike":{"s3:prefix":"provider-files/*"}}';
const WATCH = [
  `bedrock:GetModelInvocationJob ${JOBS}`,
  'bedrock:ListModelInvocationJobs *',
  `bedrock:StopModelInvocationJob ${JOBS}`,
];
const WORKER = 'BatchesWorkerRoleDefaultPolicy';
const SWEEPER = 'BatchesSweeperRoleDefaultPolicy';
const JOB_ROLE = 'BatchesJobRolemineDefaultPolicy';

describe('LlmProvider.bedrock', () => {
  const template = templateOf({ modelIds: [NOVA] });

  it('has no secret', () => {
    template.resourceCountIs('AWS::SecretsManager::Secret', 0);
  });

  it('lets only the worker create jobs, with the named models and the role only', () => {
    const create = [
      `bedrock:CreateModelInvocationJob ${JOBS}`,
      `bedrock:CreateModelInvocationJob arn:aws:bedrock:eu-west-1::foundation-model/${NOVA}`,
      'iam:PassRole <BatchesJobRolemine> if {"StringEquals":{"iam:PassedToService":"bedrock.amazonaws.com"}}',
    ];
    expect(grantsOf(template, WORKER, /^(bedrock|iam):/)).toEqual([...create, ...WATCH].sort());
    expect(grantsOf(template, SWEEPER, /^(bedrock|iam):/)).toEqual(WATCH);
  });

  it('lets both use the files of jobs and list no others', () => {
    const ofFiles = /provider-files/;

    expect(grantsOf(template, WORKER, ofFiles)).toEqual([
      `s3:AbortMultipartUpload ${FILES}`,
      `s3:DeleteObject ${FILES}`,
      `s3:GetObject ${FILES}`,
      LIST_FILES,
      `s3:PutObject ${FILES}`,
    ]);
    expect(grantsOf(template, SWEEPER, ofFiles)).toEqual([
      `s3:DeleteObject ${FILES}`,
      `s3:GetObject ${FILES}`,
      LIST_FILES,
    ]);
    expect(PREFIX.providerFiles).toBe(PROVIDER_FILES);
  });

  it('creates a role that Bedrock assumes only for jobs of this account and region', () => {
    const role = resourceOf(template, 'AWS::IAM::Role', 'BatchesJobRolemine');
    const [trust, ...others] = role.Properties.AssumeRolePolicyDocument.Statement;

    expect(others).toEqual([]);
    expect(trust).toMatchObject({
      Action: 'sts:AssumeRole',
      Principal: { Service: 'bedrock.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': ENV.account } },
    });
    expect(textOf(trust.Condition.ArnLike['aws:SourceArn'])).toBe(JOBS);
    expect(grantsOf(template, JOB_ROLE, /./)).toEqual([
      `s3:GetObject ${FILES}`,
      LIST_FILES,
      `s3:PutObject ${FILES}`,
    ]);
  });

  it.each<[string, Parameters<typeof LlmProvider.bedrock>[0], string[]]>([
    [
      'models of the map',
      { models: { fast: NOVA, '*': HAIKU } },
      [`eu-west-1::foundation-model/${NOVA}`, `eu-west-1::foundation-model/${HAIKU}`],
    ],
    [
      'another region',
      { modelIds: [NOVA], region: 'us-west-2' },
      [`us-west-2::foundation-model/${NOVA}`],
    ],
    [
      'a profile, and its model in all its regions',
      { modelIds: [`global.${HAIKU}`] },
      [`*::foundation-model/${HAIKU}`, `${ACCOUNT}:inference-profile/global.${HAIKU}`],
    ],
    [
      'an ARN',
      { modelIds: [`arn:aws:bedrock:${ACCOUNT}:custom-model/mine`] },
      [`${ACCOUNT}:custom-model/mine`],
    ],
    [
      'a model whose id has more dots',
      { modelIds: ['zai.glm-4.6'] },
      ['eu-west-1::foundation-model/zai.glm-4.6'],
    ],
  ])('names %s', (_what, options, models) => {
    const found = grantsOf(templateOf(options), WORKER, /CreateModelInvocationJob/);
    expect(found.filter((grant) => !grant.endsWith(':model-invocation-job/*'))).toEqual(
      models.map((model) => `bedrock:CreateModelInvocationJob arn:aws:bedrock:${model}`),
    );
  });

  it('lets jobs on an inference profile invoke it', () => {
    const template = templateOf({ modelIds: [NOVA, `eu.${HAIKU}`] });

    expect(grantsOf(template, JOB_ROLE, /^bedrock:/)).toEqual([
      `bedrock:InvokeModel arn:aws:bedrock:*::foundation-model/${HAIKU}`,
      `bedrock:InvokeModel arn:aws:bedrock:${ACCOUNT}:inference-profile/eu.${HAIKU}`,
    ]);
  });

  it('gives the role’s ARN to the sweeper and the worker only', () => {
    const told = ['Intake', 'Sweeper', 'Worker', 'Outcome'].filter((name) => {
      const { Properties } = resourceOf(template, 'AWS::Lambda::Function', `Batches${name}`);
      return 'JOB_ROLE_ARNS' in Properties.Environment.Variables;
    });
    expect(told).toEqual(['Sweeper', 'Worker']);
  });

  it('uses the user’s role unchanged', () => {
    const stack = newStack(newApp(), 'Test', { env: ENV });
    const jobRole = new iam.Role(stack, 'Own', {
      assumedBy: new iam.ServicePrincipal('bedrock.amazonaws.com'),
    });
    newHandler(stack, { providers: { mine: LlmProvider.bedrock({ modelIds: [NOVA], jobRole }) } });
    const own = Template.fromStack(stack);

    expect(grantsOf(own, WORKER, /^iam:PassRole <Own> /)).toHaveLength(1);
    expect(JSON.stringify(own.toJSON())).not.toContain('BatchesJobRole');
  });

  it('takes the ARN of a role from cdk.json', () => {
    const jobRoleArn = `arn:aws:iam::${ENV.account}:role/jobs`;
    const providers = { mine: { kind: 'bedrock', modelIds: [NOVA], jobRoleArn } };
    const context = parseContext({ providers });
    const stack = new BatchHandlerStack(newApp(), 'Test', context, { env: ENV });

    const text = JSON.stringify(Template.fromStack(stack).toJSON());
    expect(text).toContain(`"Resource":"${jobRoleArn}"`);
  });

  it('adds nothing to a handler without it', () => {
    expect(JSON.stringify(templateWith().toJSON())).not.toMatch(/bedrock|JOB_ROLE/);
  });
});

describe('the events of Bedrock', () => {
  it('have the sweeper check a job that has ended', () => {
    const template = templateOf({ modelIds: [NOVA] });

    const { Properties } = resourceOf(template, 'AWS::Events::Rule', 'BatchesBedrockJobEnded');
    expect(Properties.EventPattern).toEqual({
      source: ['aws.bedrock'],
      'detail-type': ['Batch Inference Job State Change'],
      detail: { status: ['Completed', 'PartiallyCompleted', 'Failed', 'Stopped', 'Expired'] },
    });
    const sweeper = resourceOf(template, 'AWS::Lambda::Function', 'BatchesSweeper').logicalId;
    expect(Properties.Targets).toEqual([
      expect.objectContaining({
        Arn: { 'Fn::GetAtt': [sweeper, 'Arn'] },
        InputTransformer: {
          InputPathsMap: { 'detail-batchJobArn': '$.detail.batchJobArn' },
          InputTemplate: '{"action":"check","providers":["mine"],"jobId":<detail-batchJobArn>}',
        },
      }),
    ]);
  });

  it('of another region need no rule', () => {
    const elsewhere = templateOf({ modelIds: [NOVA], region: 'us-west-2' });
    elsewhere.resourceCountIs('AWS::Events::Rule', 0);
    templateWith().resourceCountIs('AWS::Events::Rule', 0);
  });
});
