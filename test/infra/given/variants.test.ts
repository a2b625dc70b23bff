import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { METADATA_KEY } from '../../../shared/handlerMetadata.ts';
import {
  newApp,
  newHandler,
  newStack,
  resourceOf,
  resourcesOf,
} from '../../support/handlerStack.ts';
import { HERE } from './errorOf.ts';
import { VARIANTS } from './variants.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: { readonly StringEquals?: Readonly<Record<string, string>> };
}

function deployed(name: string) {
  const stack = newStack(newApp(), 'Test', { env: HERE });
  const handler = newHandler(stack, VARIANTS[name]?.(stack));
  return { stack, handler };
}

const namesOf = (name: string) => [name] as const;

describe.each(Object.keys(VARIANTS).map(namesOf))('a handler with %s', (name) => {
  it('synthesizes, and cdk-nag finds nothing in it', () => {
    const { stack } = deployed(name);
    expect(Template.fromStack(stack).toJSON().Resources).toBeDefined();

    const { violations } = new AwsSolutionsChecks().validateScope(stack);

    const found = violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources
        .filter(({ constructPath = '' }) => constructPath.startsWith('Test/Batches'))
        .map(({ constructPath }) => `${ruleName} ${constructPath}`),
    );
    expect(found).toEqual([]);
  });

  it('has policies of its own only, and uses a key only through the services that need it', () => {
    const { stack } = deployed(name);
    const template = Template.fromStack(stack);

    for (const [id, { Properties }] of Object.entries(resourcesOf(template, 'AWS::IAM::Role')))
      if (id.startsWith('Batches')) expect(Properties.ManagedPolicyArns).toBeUndefined();
    for (const [id, { Properties }] of Object.entries(resourcesOf(template, 'AWS::IAM::Policy'))) {
      if (!id.startsWith('Batches')) continue;
      for (const statement of Properties.PolicyDocument.Statement as Statement[]) {
        const actions = [statement.Action].flat();
        if (!actions.some((action) => action.startsWith('kms:'))) continue;
        expect(statement.Condition?.StringEquals?.['kms:ViaService']).toMatch(
          /^(dynamodb|lambda|s3|secretsmanager|sqs)\.eu-west-1\.amazonaws\.com$/,
        );
        expect(actions.join()).not.toContain('*');
        expect(statement.Resource).not.toBe('*');
      }
    }
  });
});

/** What a role may do with the key, by service. */
function keyUse(template: Template, policyPrefix: string): Record<string, string[]> {
  const { Properties } = resourceOf(template, 'AWS::IAM::Policy', policyPrefix);
  const use: Record<string, string[]> = {};
  for (const { Action, Condition } of Properties.PolicyDocument.Statement as Statement[]) {
    const [service] = Condition?.StringEquals?.['kms:ViaService']?.split('.') ?? [];
    const actions = [Action].flat().filter((action) => action.startsWith('kms:'));
    if (service) use[service] = [...new Set([...(use[service] ?? []), ...actions])].sort();
  }
  return use;
}

const READ = ['kms:Decrypt'];
const WRITE = ['kms:Decrypt', 'kms:GenerateDataKey'];
const TABLE = [
  ...['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
  ...['kms:ReEncryptFrom', 'kms:ReEncryptTo'],
];

describe('encryptionKey', () => {
  const { stack, handler } = deployed('a key');
  const user = new iam.Role(stack, 'User', { assumedBy: new iam.AccountRootPrincipal() });
  const sender = new iam.Role(stack, 'Sender', { assumedBy: new iam.AccountRootPrincipal() });
  handler.grantClient(user).assertSuccess();
  handler.grantAdd(sender).assertSuccess();
  const template = Template.fromStack(stack);

  it.each<[string, Record<string, string[]>]>([
    ['BatchesIntakeRole', { dynamodb: TABLE, lambda: READ, s3: WRITE, sqs: WRITE }],
    [
      'BatchesWorkerRole',
      { dynamodb: TABLE, lambda: READ, s3: WRITE, secretsmanager: READ, sqs: WRITE },
    ],
    [
      'BatchesSweeperRole',
      { dynamodb: TABLE, lambda: READ, s3: READ, secretsmanager: READ, sqs: WRITE },
    ],
    ['BatchesOutcomeRole', { dynamodb: TABLE, lambda: READ, sqs: READ }],
    ['BatchesCollectorRole', { dynamodb: TABLE, lambda: READ, s3: WRITE, sqs: WRITE }],
    ['BatchesWebhookRole', { dynamodb: TABLE, lambda: READ, secretsmanager: READ, sqs: WRITE }],
    ['BatchesDeliveryPolicy', { dynamodb: TABLE, s3: WRITE, sqs: WRITE }],
    ['BatchesJobRole', { s3: WRITE }],
    ['User', { dynamodb: ['kms:Decrypt', 'kms:DescribeKey'], s3: WRITE, sqs: WRITE }],
    ['Sender', { s3: WRITE, sqs: WRITE }],
  ])('%s has exactly these uses', (policy, expected) => {
    expect(keyUse(template, policy)).toEqual(expected);
  });

  it('encrypts the table, the bucket, every queue, secret and log group, and the environments', () => {
    const key = { 'Fn::GetAtt': [resourceOf(template, 'AWS::KMS::Key', 'Key').logicalId, 'Arn'] };
    const own = (type: string) =>
      Object.entries(resourcesOf(template, type)).filter(([id]) => id.startsWith('Batches'));
    const property: Record<string, string> = {
      'AWS::SQS::Queue': 'KmsMasterKeyId',
      'AWS::SecretsManager::Secret': 'KmsKeyId',
      'AWS::Logs::LogGroup': 'KmsKeyId',
      'AWS::Lambda::Function': 'KmsKeyArn',
    };
    for (const [type, name] of Object.entries(property)) {
      expect(own(type).length).toBeGreaterThan(1);
      for (const [, { Properties }] of own(type)) expect(Properties[name]).toEqual(key);
    }
    template.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { KMSMasterKeyID: key } },
        ],
      },
    });
    template.hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
    });
  });

  it('lets CloudWatch Logs and EventBridge use the key, and nobody else in the world', () => {
    const { Properties } = resourceOf(template, 'AWS::KMS::Key', 'Key');
    const principals = Properties.KeyPolicy.Statement.flatMap(
      ({ Principal }: { Principal: { Service?: string } }) => Principal.Service ?? [],
    );

    expect([...new Set(principals)].sort()).toEqual([
      'events.amazonaws.com',
      'logs.eu-west-1.amazonaws.com',
    ]);
    for (const statement of Properties.KeyPolicy.Statement)
      if (statement.Principal.Service) expect(statement.Condition).toBeDefined();
  });
});

describe('bucketPrefix', () => {
  it('begins every prefix in policies, lifecycle rules and the pattern of the inbox', () => {
    const { stack } = deployed('a prefix');
    const text = JSON.stringify(Template.fromStack(stack).toJSON());

    for (const folder of ['uploads/', 'batches/', 'inbox/', 'processed/', 'provider-files/'])
      expect(text.replaceAll(`team/llm/${folder}`, '')).not.toMatch(new RegExp(`["/]${folder}`));
    expect(text).toContain('"BUCKET_PREFIX":"team/llm/"');
  });
});

describe('resources of others', () => {
  it.each(['resources of another stack', 'imported resources'])(
    'are not created, and outputs name them: %s',
    (name) => {
      const { stack } = deployed(name);
      const template = Template.fromStack(stack);
      const { Metadata, Outputs } = template.toJSON();
      const { resources, bucketPrefix } = Metadata[METADATA_KEY]['Test/Batches'];

      template.resourceCountIs('AWS::DynamoDB::GlobalTable', 0);
      template.resourceCountIs('AWS::S3::Bucket', 0);
      // Of the work and of the outcomes, each with its dead-letter queue.
      template.resourceCountIs('AWS::SQS::Queue', 4);
      for (const part of ['table', 'bucket', 'batchQueue', 'deadLetterQueue'])
        expect(Outputs[resources[part]]?.Value, part).toBeDefined();
      expect(bucketPrefix).toBe('llm/');
    },
  );

  it('in the app, get nothing that cdk-nag finds but the function of CDK that turns on notifications', () => {
    const { stack } = deployed('resources of the app');
    Template.fromStack(stack);
    const { violations } = new AwsSolutionsChecks().validateScope(stack);
    const theirs = [
      'Test/Files',
      'Test/Records',
      'Test/Queue',
      'Test/Dead',
      'Test/Key',
      'Test/Mine',
    ];

    const places = violations
      .flatMap(({ violatingResources }) => violatingResources)
      .map(({ constructPath = '' }) => constructPath.split('/').slice(0, 2).join('/'))
      .filter((place) => !theirs.includes(place));

    expect([...new Set(places)]).toEqual([
      expect.stringMatching(/^Test\/BucketNotificationsHandler/),
    ]);
  });

  it('in a versioned bucket of the app, deleted versions of prompts go after a day', () => {
    const { stack } = deployed('resources of the app');
    const rule = (prefix: string, days: number) =>
      Match.objectLike({
        Prefix: prefix,
        ExpirationInDays: days,
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      });

    Template.fromStack(stack).hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: {
        Rules: Match.arrayWith([
          rule('llm/uploads/', 114),
          rule('llm/batches/', 114),
          rule('llm/provider-files/', 30),
          rule('llm/inbox/', 114),
        ]),
      },
    });
  });

  it('lets users of a handler read the outputs that name them', () => {
    const { stack, handler } = deployed('imported resources');
    const user = new iam.Role(stack, 'User', { assumedBy: new iam.AccountRootPrincipal() });
    handler.grantRead(user).assertSuccess();

    const { Properties } = resourceOf(Template.fromStack(stack), 'AWS::IAM::Policy', 'User');

    expect(JSON.stringify(Properties)).toContain('cloudformation:DescribeStacks');
  });
});

describe('vpc', () => {
  const { stack } = deployed('a VPC');
  const template = Template.fromStack(stack);

  it('holds every function, behind one security group', () => {
    const functions = Object.entries(resourcesOf(template, 'AWS::Lambda::Function')).filter(
      ([id]) => id.startsWith('Batches'),
    );
    template.resourceCountIs('AWS::EC2::SecurityGroup', 1);
    expect(functions).toHaveLength(6);
    for (const [, { Properties }] of functions)
      expect(Properties.VpcConfig.SecurityGroupIds).toEqual([
        { 'Fn::GetAtt': [expect.stringMatching(/^BatchesSecurityGroup/), 'GroupId'] },
      ]);
  });

  it('lets Lambda manage network interfaces, and not the code of the functions', () => {
    const { Properties } = resourceOf(template, 'AWS::IAM::Policy', 'BatchesIntakeRole');
    const statements = (Properties.PolicyDocument.Statement as Statement[]).filter(({ Action }) =>
      [Action].flat().includes('ec2:CreateNetworkInterface'),
    );

    expect(statements).toEqual([
      expect.objectContaining({ Effect: 'Allow' }),
      expect.objectContaining({
        Effect: 'Deny',
        Condition: { Null: { 'lambda:SourceFunctionArn': 'false' } },
      }),
    ]);
  });
});
