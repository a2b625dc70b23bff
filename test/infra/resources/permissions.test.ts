import { Template } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { describe, expect, it } from 'vitest';
import { PREFIX, REJECTION_SUFFIX } from '../../../infra/resources/bucket.ts';
import {
  INBOX_PREFIX,
  MESSAGE_BODY_PREFIX,
  objectKey,
  rejectionKey,
  uploadKey,
} from '../../../shared/batch/ids.ts';
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
  readonly Condition?: unknown;
}

const template = templateWith();

/** Every action of a function's role with each of its resources, e.g. `sqs:SendMessage BatchesWorkQueue`. */
function permissionsOf(name: string): string[] {
  const policy = resourceOf(template, 'AWS::IAM::Policy', `Batches${name}RoleDefaultPolicy`);
  const statements = policy.Properties.PolicyDocument.Statement as Statement[];
  return statements
    .flatMap(({ Action, Resource }) =>
      [Action].flat().flatMap((action) => [Resource].flat().map((on) => `${action} ${nameOf(on)}`)),
    )
    .sort();
}

/** Without the hashes of logical ids. */
function nameOf(resource: unknown): string {
  const text = JSON.stringify(resource);
  const [, id] = /"(?:Fn::GetAtt|Ref)":\[?"((?!AWS::)[A-Za-z]+?)[0-9A-F]{8}"/.exec(text) ?? [];
  const [, rest = ''] = /"([/:][^"]*)"\]\]\}$/.exec(text) ?? [];
  return id === undefined ? text.replaceAll('"', '').slice(0, 1) + rest : id + rest;
}

const OWN_LOGS = (name: string) => [
  `logs:CreateLogStream Batches${name}Logs`,
  `logs:PutLogEvents Batches${name}Logs`,
];
const CONSUMES = (queue: string) =>
  [
    'ChangeMessageVisibility',
    'DeleteMessage',
    'GetQueueAttributes',
    'GetQueueUrl',
    'ReceiveMessage',
  ].map((action) => `sqs:${action} ${queue}`);
const RECORDS = ['dynamodb:GetItem BatchesTable', 'dynamodb:PutItem BatchesTable'];
/** Those of tenants are a statement of their own. */
const TENANTS = RECORDS;
const ANNOUNCES = 'events:PutEvents {:event-bus/default';
const READS_SECRET = [
  'secretsmanager:DescribeSecret BatchesSecretopenai',
  'secretsmanager:GetSecretValue BatchesSecretopenai',
];

describe('permissions', () => {
  it.each<[string, string[]]>([
    [
      'Intake',
      [
        ...RECORDS,
        ...TENANTS,
        ...CONSUMES('BatchesBatchQueue'),
        ANNOUNCES,
        'dynamodb:DeleteItem BatchesTable',
        'lambda:InvokeFunction Mine',
        's3:AbortMultipartUpload BatchesBucket/batches/*',
        's3:AbortMultipartUpload BatchesBucket/uploads/messages/*',
        's3:GetObject BatchesBucket/uploads/*',
        's3:ListBucket BatchesBucket',
        's3:PutObject BatchesBucket/batches/*',
        's3:PutObject BatchesBucket/uploads/messages/*',
        'sqs:SendMessage BatchesBatchDeadLetterQueue',
        'sqs:SendMessage BatchesWorkQueue',
      ],
    ],
    [
      'Sweeper',
      [
        ...RECORDS,
        ...TENANTS,
        ...READS_SECRET,
        ANNOUNCES,
        'dynamodb:BatchGetItem BatchesTable',
        'dynamodb:DeleteItem BatchesTable',
        'dynamodb:GetItem BatchesTable',
        'dynamodb:PutItem BatchesTable',
        'dynamodb:Query BatchesTable/index/due',
        'dynamodb:Query BatchesTable/index/provider',
        'lambda:InvokeFunction Mine',
        's3:DeleteObject BatchesBucket/batches/*/ids.jsonl*',
        's3:DeleteObject BatchesBucket/batches/*/input.jsonl*',
        's3:DeleteObject BatchesBucket/batches/*/requests.jsonl*',
        's3:DeleteObject BatchesBucket/uploads/*',
        'sqs:SendMessage BatchesBatchQueue',
        'sqs:SendMessage BatchesWorkQueue',
      ],
    ],
    [
      'Worker',
      [
        ...RECORDS,
        ...TENANTS,
        ...READS_SECRET,
        ...CONSUMES('BatchesWorkQueue'),
        ANNOUNCES,
        'sqs:SendMessage BatchesWorkDeadLetterQueue',
        'lambda:InvokeFunction Mine',
        's3:AbortMultipartUpload BatchesBucket/batches/*',
        's3:GetObject BatchesBucket/batches/*',
        's3:GetObject BatchesBucket/uploads/*',
        's3:ListBucket BatchesBucket',
        's3:PutObject BatchesBucket/batches/*',
        'sqs:SendMessage BatchesBatchQueue',
      ],
    ],
    ['Outcome', [...RECORDS, ...CONSUMES('BatchesOutcomeQueue'), ANNOUNCES]],
  ])('of the %s are exactly these', (name, expected) => {
    expect(permissionsOf(name)).toEqual([...expected, ...OWN_LOGS(name)].sort());
  });

  it.each([
    ['Intake', 'BatchesBatchQueue'],
    ['Worker', 'BatchesWorkQueue'],
    ['Outcome', 'BatchesOutcomeQueue'],
  ])('never let the %s send to the queue that it consumes', (name, queue) => {
    expect(permissionsOf(name)).toContain(`sqs:ReceiveMessage ${queue}`);
    expect(permissionsOf(name)).not.toContain(`sqs:SendMessage ${queue}`);
  });

  it('let the schedule invoke only the sweeper, and only for this account', () => {
    const { Properties } = resourceOf(template, 'AWS::IAM::Policy', 'BatchesScheduleRole');
    const role = resourceOf(template, 'AWS::IAM::Role', 'BatchesScheduleRole');

    expect(Properties.PolicyDocument.Statement).toEqual([
      expect.objectContaining({
        Action: 'lambda:InvokeFunction',
        Resource: { 'Fn::GetAtt': [expect.stringMatching(/^BatchesSweeper/), 'Arn'] },
      }),
    ]);
    expect(role.Properties.AssumeRolePolicyDocument.Statement[0].Condition).toEqual({
      StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
    });
  });

  it.each([
    ['Intake', ['batch#*', 'provider#*', 'tenantBatch#*', 'tenantQueue#*']],
    ['Worker', ['batch#*', 'provider#*', 'tenant#*', 'tenantQueue#*']],
    ['Outcome', ['batch#*', 'provider#*']],
    ['Sweeper', ['batch#*', 'lock#*', 'provider#*', 'tenant#*', 'tenantQueue#*']],
  ])('of the %s on items are bound to the keys %j, and to calls that name keys', (name, keys) => {
    const policy = resourceOf(template, 'AWS::IAM::Policy', `Batches${name}RoleDefaultPolicy`);
    const statements = policy.Properties.PolicyDocument.Statement as Statement[];
    const onItems = statements.filter(({ Action }) =>
      [Action].flat().some((action) => /^dynamodb:.*Item$/.test(action)),
    );
    for (const { Condition } of onItems)
      expect(Condition).toMatchObject({ Null: { 'dynamodb:LeadingKeys': 'false' } });
    const bound = onItems.flatMap(({ Condition }) => JSON.stringify(Condition).match(/\w+#\*/g));
    expect([...new Set(bound)].sort()).toEqual(keys);
  });

  it('come from no managed policy', () => {
    for (const [id, { Properties }] of Object.entries(resourcesOf(template, 'AWS::IAM::Role'))) {
      if (id.startsWith('Batches')) expect(Properties.ManagedPolicyArns).toBeUndefined();
    }
  });

  it('let the intake and the worker read the named buckets, encrypted ones too', () => {
    const stack = newStack();
    const encryptionKey = new kms.Key(stack, 'Key');
    newHandler(stack, { inputBuckets: [new s3.Bucket(stack, 'Input', { encryptionKey })] });
    const synthesized = Template.fromStack(stack);

    const readers = Object.entries(resourcesOf(synthesized, 'AWS::IAM::Policy'))
      .filter(([, { Properties }]) => {
        const statements = Properties.PolicyDocument.Statement as Statement[];
        const may = (action: string, on: string) =>
          statements.some(
            ({ Action, Resource }) =>
              [Action].flat().includes(action) && JSON.stringify(Resource).includes(`"${on}`),
          );
        return (
          may('s3:GetObject', 'Input') && may('s3:ListBucket', 'Input') && may('kms:Decrypt', 'Key')
        );
      })
      .map(([id]) => id.replace(/Role.*/, ''));

    expect(readers.sort()).toEqual(['BatchesIntake', 'BatchesWorker']);
  });

  it('are on the prefixes that the code writes under', () => {
    expect(PREFIX.messages).toBe(MESSAGE_BODY_PREFIX);
    expect(PREFIX.inbox).toBe(INBOX_PREFIX);
    expect(rejectionKey('a').endsWith(REJECTION_SUFFIX)).toBe(true);
    expect(uploadKey('a').startsWith(PREFIX.uploads)).toBe(true);
    expect(objectKey('a', 'token', 'x').startsWith(PREFIX.batches)).toBe(true);
  });
});
