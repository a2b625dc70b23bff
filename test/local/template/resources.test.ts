import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localAccount } from '../../../local/template/account.ts';
import { readAssembly } from '../../../local/template/assembly.ts';
import { readResources } from '../../../local/template/resources.ts';
import { unsupportedLines } from '../../../local/template/unsupported.ts';
import { TOY, toyWith } from '../fixtures/toyStack.ts';

function variablesOf(resource: { readonly Properties?: object } | undefined) {
  const { Environment } = (resource?.Properties ?? {}) as {
    Environment?: { Variables: Record<string, unknown> };
  };
  return Environment?.Variables ?? {};
}

async function resourcesOf(directory: string) {
  return readResources(await readAssembly(directory), localAccount('Toy', 'http://127.0.0.1:1'));
}

test('a template becomes names, ARNs and settings', async () => {
  const { queues, functions, buckets, eventSources, invokeConfigs, schedules } =
    await resourcesOf(TOY);

  expect(queues.map(({ name }) => name)).toEqual(['Toy-Input', 'Toy-DeadLetters', 'Toy-Outcomes']);
  expect(queues[0]).toMatchObject({
    url: 'http://127.0.0.1:1/000000000000/Toy-Input',
    arn: 'arn:aws:sqs:us-east-1:000000000000:Toy-Input',
    VisibilityTimeout: 1,
    RedrivePolicy: {
      deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:Toy-DeadLetters',
      maxReceiveCount: 2,
    },
  });
  expect(buckets[0]?.name).toBe('toy-bucket');
  expect(functions[0]).toMatchObject({
    handler: 'index.handler',
    timeoutSeconds: 3,
    memoryMegabytes: 256,
    directory: join(TOY, 'functions', 'recorder'),
  });
  expect(eventSources[0]).toMatchObject({
    functionName: 'Toy-Recorder',
    batchSize: 5,
    maximumConcurrency: 2,
    reportsPartialFailures: true,
    enabled: true,
  });
  expect(invokeConfigs[0]).toMatchObject({
    qualifier: '$LATEST',
    maximumRetryAttempts: 0,
    onFailure: 'arn:aws:sqs:us-east-1:000000000000:Toy-Outcomes',
  });
  expect(schedules[0]?.functionName).toBe(
    'arn:aws:lambda:us-east-1:000000000000:function:Toy-Ticker',
  );
});

test('a resource of another type is unsupported, and has names for those that refer to it', async () => {
  const directory = toyWith(({ Resources }) => {
    Resources.Alerts = { Type: 'AWS::SNS::Topic' };
    Resources.Site = { Type: 'AWS::ApiGateway::RestApi' };
    Resources.Root = { Type: 'AWS::ApiGateway::Resource' };
    Resources.Leaf = { Type: 'AWS::ApiGateway::Resource' };
    variablesOf(Resources.Worker).TOPIC_ARN = { Ref: 'Alerts' };
    variablesOf(Resources.Worker).ROOT_ID = { 'Fn::GetAtt': ['Site', 'RootResourceId'] };
  });

  const { functions, unsupported } = await resourcesOf(directory);

  expect(unsupportedLines(unsupported)).toEqual([
    'not run locally: AWS::SNS::Topic, AWS::ApiGateway::RestApi, 2 AWS::ApiGateway::Resource',
  ]);
  expect(functions.find(({ logicalId }) => logicalId === 'Worker')?.environment).toMatchObject({
    TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:Toy-Alerts',
    ROOT_ID: 'Toy-Site.RootResourceId',
  });
});

test('a table, a queue and a function of the user’s own run', async () => {
  const directory = toyWith(({ Resources }) => {
    Resources.Answers = {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      },
    };
    Resources.Mine = { Type: 'AWS::SQS::Queue', Properties: { KmsMasterKeyId: 'alias/mine' } };
    Resources.Api = { ...Resources.Worker, Type: 'AWS::Lambda::Function' };
  });

  const { tables, queues, functions, unsupported } = await resourcesOf(directory);

  expect(unsupported).toEqual([]);
  for (const [resources, id] of [[tables, 'Answers'] as const, [queues, 'Mine'] as const])
    expect(resources.map(({ logicalId }) => logicalId)).toContain(id);
  expect(functions.map(({ name }) => name)).toContain('Toy-Api');
});

test.each([
  ['Input', { FifoQueue: true }, /^FifoQueue: FIFO queues are not supported/],
  ['Mapping', { FilterCriteria: {} }, /event filters are not supported/],
  [
    'Mapping',
    { EventSourceArn: 'arn:aws:sqs:x' },
    /^it reads arn:aws:sqs:x, which is not run locally/,
  ],
  ['Mapping', { FunctionName: 'Other' }, /^it invokes Other, which is not run locally/],
  ['PageUrl', { AuthType: 'AWS_IAM' }, /only the AuthType NONE is supported/],
  ['Worker', { Runtime: 'java21' }, /^Runtime: only functions in Node\.js and in Python are/],
  ['Worker', { Code: { ZipFile: '' } }, /^Code\.S3Key: only code in a file asset is supported/],
  ['Worker', { Code: { S3Key: 'gone.zip' } }, /^its code is the object gone\.zip/],
  ['Worker', { Handler: { 'Fn::ImportValue': 'x' } }, /no stack that runs here exports x/],
  ['Input', { DelaySeconds: { Ref: 'Nobody' } }, /refers to Nobody/],
])('%s with %j is unsupported, with the reason', async (logicalId, properties, reason) => {
  const directory = toyWith(({ Resources }) => {
    Object.assign(Resources[logicalId]?.Properties ?? {}, properties);
  });

  const { unsupported } = await resourcesOf(directory);

  expect(unsupported.find((each) => each.logicalId === logicalId)?.reason).toMatch(reason);
});

test('what a handler imports by its name is created here, and its URLs and ARNs lead there', async () => {
  const part = (name: string, value: string) => [`Given${name}`, { Value: value }] as const;
  const url = (name: string) => `https://sqs.eu-west-1.amazonaws.com/111111111111/${name}`;
  const queueArn = 'arn:aws:sqs:eu-west-1:111111111111:company-queue';
  const directory = toyWith((template) => {
    const { Resources } = template;
    const ids = [
      'workQueue',
      'workDeadLetterQueue',
      'outcomeQueue',
      'outcomeDeadLetterQueue',
    ].concat(...['intake', 'sweeper', 'worker', 'outcome', 'schedule', 'processor']);
    const given = { table: 'GivenTable', bucket: 'GivenBucket' };
    const queues = { batchQueue: 'GivenQueue', deadLetterQueue: 'GivenDead' };
    const resources = {
      ...Object.fromEntries(ids.map((id) => [id, 'Recorder'])),
      ...given,
      ...queues,
    };
    Object.assign(template, {
      Metadata: { BatchHandler: { 'Toy/Batches': { settings: '{}', resources } } },
      Outputs: Object.fromEntries([
        part('Table', 'company-batches'),
        part('Bucket', 'company-files'),
        part('Queue', url('company-queue')),
        part('Dead', url('company-dead')),
      ]),
    });
    Object.assign(variablesOf(Resources.Recorder), { QUEUE: url('company-queue') });
    const [mapping] = Object.values(Resources).filter(({ Type }) => Type.endsWith('SourceMapping'));
    Object.assign(mapping?.Properties ?? {}, { EventSourceArn: queueArn });
  });

  const { tables, buckets, queues, functions, eventSources } = await resourcesOf(directory);

  expect(tables.map(({ name }) => name)).toContain('company-batches');
  expect(buckets.map(({ name }) => name)).toContain('company-files');
  const [queue, dead] = queues.filter(({ name }) => name.startsWith('company-'));
  expect(queue?.url).toBe('http://127.0.0.1:1/000000000000/company-queue');
  expect(queue?.RedrivePolicy?.deadLetterTargetArn).toBe(dead?.arn);
  expect(functions.find(({ logicalId }) => logicalId === 'Recorder')?.environment.QUEUE).toBe(
    queue?.url,
  );
  expect(eventSources[0]?.queueArn).toBe(queue?.arn);
});
