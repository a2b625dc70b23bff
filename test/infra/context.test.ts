import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { contextSchema, parseContext } from '../../infra/context.ts';
import { BatchHandlerStack } from '../../infra/stack.ts';
import { ENV, newApp, resourceOf } from '../support/handlerStack.ts';
import { plain } from './monitoring/rendered.ts';

const SECRET_ARN = `arn:aws:secretsmanager:${ENV.region}:${ENV.account}:secret:key-AbCdEf`;

const VERTEX = {
  kind: 'vertex-ai',
  project: 'my-project',
  location: 'us-central1',
  store: { type: 'gcs', bucket: 'my-bucket' },
};

function templateOf(context?: unknown): Template {
  return Template.fromStack(new BatchHandlerStack(newApp(), 'Test', parseContext(context)));
}

describe('no settings', () => {
  it('give an OpenAI handler with a secret to fill and the example processor', () => {
    const template = templateOf();

    template.resourceCountIs('AWS::SecretsManager::Secret', 1);
    const intake = resourceOf(template, 'AWS::Lambda::Function', 'BatchesIntake');
    expect(intake.Properties.Environment.Variables.PROCESSOR_ARN).toEqual({
      'Fn::GetAtt': [expect.stringMatching(/^ExampleProcessor/), 'Arn'],
    });
    expect(Object.keys(template.findOutputs('*')).sort()).toEqual([
      'BatchQueueArn',
      'BatchQueueUrl',
      'BucketName',
      'DeadLetterQueueArn',
      'DeadLetterQueueUrl',
      'IntakeFunctionName',
      'OutcomeDeadLetterQueueArn',
      'OutcomeDeadLetterQueueUrl',
      'OutcomeFunctionName',
      'OutcomeQueueArn',
      'ScheduleName',
      'SecretNameopenai',
      'SweeperFunctionName',
      'TableName',
      'WorkDeadLetterQueueArn',
      'WorkDeadLetterQueueUrl',
      'WorkQueueArn',
      'WorkerFunctionName',
    ]);
  });

  it.each([
    ['BatchQueueArn', 'DeadLetterQueue'],
    ['WorkQueueArn', 'WorkDeadLetterQueue'],
    ['OutcomeQueueArn', 'OutcomeDeadLetterQueue'],
  ])('print %s as where the messages of %s came from', (queueArn, deadLetterQueue) => {
    const template = templateOf();
    const outputOf = (id: string) => template.findOutputs(id)[id]?.Value;

    const [queueId] = outputOf(queueArn)['Fn::GetAtt'];
    const { RedrivePolicy } = resourceOf(template, 'AWS::SQS::Queue', queueId).Properties;

    expect(outputOf(`${deadLetterQueue}Arn`)).toEqual(RedrivePolicy.deadLetterTargetArn);
    const [deadLetterId] = RedrivePolicy.deadLetterTargetArn['Fn::GetAtt'];
    expect(outputOf(`${deadLetterQueue}Url`)).toEqual({ Ref: deadLetterId });
  });
});

describe('every setting', () => {
  const context = {
    scheduleMinutes: 5,
    processorArn: `arn:aws:lambda:${ENV.region}:${ENV.account}:function:mine:live`,
    processorRoleArn: `arn:aws:iam::${ENV.account}:role/mine`,
    providers: {
      main: { kind: 'openai', secretArn: SECRET_ARN, limits: { maxInFlight: 3 } },
      proxy: { kind: 'openai', baseUrl: 'https://proxy.example/v1' },
    },
    policy: { maxAttempts: 2 },
    retentionDays: 30,
    inputRetentionDays: 3,
    logRetentionDays: 7,
    inputBuckets: ['my-input'],
    inbox: true,
    maxConcurrency: 5,
    shards: 3,
    collector: { maxRequests: 100 },
    api: { reservedConcurrency: 5, timeoutSeconds: 90, memoryMiB: 256 },
    alarms: { batchesFailed: 3 },
    alarmTopicArn: `arn:aws:sns:${ENV.region}:${ENV.account}:on-call`,
    alarmTopicArns: { ticket: `arn:aws:sns:${ENV.region}:${ENV.account}:tickets` },
    docsUrl: 'https://wiki.example/docs',
    runbook: 'https://wiki.example/runbook',
    dashboard: true,
    tracing: true,
    savedQueries: false,
    removalPolicy: 'destroy',
  };

  it('takes effect', () => {
    const template = templateOf(context);

    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(5 minutes)',
    });
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      ScalingConfig: { MaximumConcurrency: 5 },
    });
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
    template.allResources('AWS::S3::Bucket', { DeletionPolicy: 'Delete' });
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
    template.allResourcesProperties('AWS::Lambda::Function', { TracingConfig: { Mode: 'Active' } });
    template.resourceCountIs('AWS::Logs::QueryDefinition', 0);
    const alarm = resourceOf(template, 'AWS::CloudWatch::Alarm', 'BatchesBatchesFailed');
    expect(alarm.Properties).toMatchObject({ Threshold: 3, AlarmActions: [context.alarmTopicArn] });
    expect(plain(alarm.Properties.AlarmDescription)).toContain(`${context.runbook}#batches-failed`);
    const ticket = resourceOf(template, 'AWS::CloudWatch::Alarm', 'BatchesInputsRefused');
    expect(ticket.Properties.AlarmActions).toEqual([context.alarmTopicArns.ticket]);
    // The handler's own, the collector's and the API's.
    template.resourceCountIs('AWS::Lambda::Function', 6);
    expect(resourceOf(template, 'AWS::Lambda::Function', 'BatchesApi').Properties).toMatchObject({
      ReservedConcurrentExecutions: 5,
      Timeout: 90,
      MemorySize: 256,
    });
    const { Variables } = resourceOf(template, 'AWS::Lambda::Function', 'BatchesWorker').Properties
      .Environment;
    expect(Variables).toMatchObject({
      PROCESSOR_ARN: context.processorArn,
      INPUT_BUCKETS: 'my-input',
    });
    const secret = resourceOf(template, 'AWS::SecretsManager::Secret', 'Batches').logicalId;
    expect(JSON.stringify(Variables.SECRET_ARNS)).toContain(`{\\"main\\":\\"${SECRET_ARN}\\"`);
    expect(JSON.stringify(Variables.SECRET_ARNS)).toContain(secret);
  });

  it('is covered by the test above', () => {
    expect(Object.keys(context).sort()).toEqual(Object.keys(contextSchema.shape).sort());
  });

  it('can be given as text, as the CLI’s -c does', () => {
    expect(parseContext(JSON.stringify({ scheduleMinutes: 5 }))).toEqual({ scheduleMinutes: 5 });
  });
});

describe('a wrong setting', () => {
  it.each<[unknown, string]>([
    [
      { scheduleMinutes: '5' },
      'batchHandler.scheduleMinutes: "5" must be a whole number from 1 to 60',
    ],
    [{ scheduleMinutes: 0 }, 'batchHandler.scheduleMinutes: 0 must be a whole number from 1 to 60'],
    [{ scheduleMinutes: 1.5 }, 'batchHandler.scheduleMinutes: 1.5 must be a whole number'],
    [{ shards: 33 }, 'batchHandler.shards: 33 must be a whole number from 1 to 32'],
    [{ maxConcurrency: 1 }, 'batchHandler.maxConcurrency: 1 must be a whole number from 2 to 1000'],
    [{ schedule: 5 }, 'batchHandler.schedule: is not known here: known are scheduleMinutes, proc'],
    [
      { policy: { attempts: 1 } },
      'batchHandler.policy.attempts: is not known here: known are maxAttempts',
    ],
    [{ policy: { maxAttempts: 0 } }, 'batchHandler.policy.maxAttempts: 0 must be at least 1'],
    [{ providers: {} }, 'batchHandler.providers: {} must have at least one entry'],
    [
      { providers: { 'a b': { kind: 'openai' } } },
      'batchHandler.providers["a b"]: the name must be a letter',
    ],
    [
      { providers: { a: { kind: 'opnai' } } },
      'batchHandler.providers.a.kind: "opnai" is none of openai, openai-compatible, azure-openai, anthropic, vertex-ai, bedrock, gemini, mistral, xai, together: did you mean openai?',
    ],
    [
      { providers: { a: {} } },
      'batchHandler.providers.a.kind is missing: must be one of openai, openai-compatible',
    ],
    [
      { providers: { a: { kind: 'openai', limits: { inFlight: 1 } } } },
      'batchHandler.providers.a.limits.inFlight: is not known here: known are maxInFlight, maxEnqueuedTokens',
    ],
    [
      { providers: { a: { kind: 'gemini', modelIds: ['a'] } } },
      'batchHandler.providers.a.modelIds: is not known here: known are kind, limits, timing, models, dropFields, ',
    ],
    [
      { providers: { a: { kind: 'openai-compatible' } } },
      'batchHandler.providers.a.baseUrl is missing: must be a text',
    ],
    [
      { providers: { a: { kind: 'azure-openai', baseUrl: 'my-resource' } } },
      'batchHandler.providers.a.baseUrl: "my-resource" must be a whole URL, such as https://',
    ],
    [
      { providers: { a: { kind: 'vertex-ai', project: 'p', store: { type: 's3' } } } },
      'batchHandler.providers.a.location is missing: must be a text',
    ],
    [
      { providers: { a: { ...VERTEX, store: { type: 's3' } } } },
      'batchHandler.providers.a.store.type: "s3" is none of gcs, bigquery',
    ],
    [
      { providers: { a: { ...VERTEX, store: { type: 'gcs', inputDataset: 'in', bucket: 'b' } } } },
      'batchHandler.providers.a.store.inputDataset: is not known here: known are type, bucket',
    ],
    [
      {
        providers: {
          a: { ...VERTEX, workloadIdentity: { audience: '//iam' }, secretArn: SECRET_ARN },
        },
      },
      `batchHandler.providers.a.secretArn is "${SECRET_ARN}": with workloadIdentity there is no key`,
    ],
    [
      { providers: { a: { kind: 'xai', prices: { '*': 'list' } } } },
      'batchHandler.providers.a.prices: {"*":"list"} must be "builtin", or for each model "builtin" or its prices',
    ],
    [
      { providers: { a: { kind: 'xai', batchDiscount: 20 } } },
      'batchHandler.providers.a.batchDiscount: 20 must be at most 1',
    ],
    [
      { providers: { a: { kind: 'mistral', timing: { completionHours: 168 } } } },
      'batchHandler.providers.a.timing.completionHours: 168 must be at most 167',
    ],
    [
      { providers: { a: { kind: 'bedrock', modelIds: ['a'], minRecords: 0 } } },
      'batchHandler.providers.a.minRecords: 0 must be at least 1',
    ],
    [
      { providers: { a: { kind: 'bedrock' } } },
      'batchHandler.providers.a.modelIds is missing: name the ids or ARNs of the models',
    ],
    [
      { providers: { a: { kind: 'bedrock', secretArn: SECRET_ARN } } },
      'batchHandler.providers.a.secretArn: is not known here: known are kind, limits, timing, models, dropFields, ',
    ],
    [
      { providers: { a: { kind: 'bedrock', modelIds: ['m'], jobRoleArn: 'role' } } },
      'batchHandler.providers.a.jobRoleArn: "role" must be the ARN of a role',
    ],
    [
      { providers: { a: { kind: 'openai', secretArn: 'key' } } },
      'batchHandler.providers.a.secretArn: must be the whole ARN',
    ],
    [{ logRetentionDays: 8 }, 'batchHandler.logRetentionDays: 8 is none of 1, 3, 5, 7, 14, 30'],
    [{ removalPolicy: 'keep' }, 'batchHandler.removalPolicy: "keep" is none of retain, destroy'],
    [
      { inputBuckets: ['s3://x'] },
      'batchHandler.inputBuckets[0]: "s3://x" must be the name of a bucket',
    ],
    [
      { processorArn: 'mine' },
      'batchHandler.processorArn: "mine" must be the ARN of a Lambda function',
    ],
    [
      { processorArn: 'arn:aws:lambda:eu-west-1:111111111111:function:mine' },
      'batchHandler.processorRoleArn is missing: processorArn and processorRoleArn must be given together',
    ],
    ['{', 'batchHandler is {: it must be a JSON object'],
    [5, 'batchHandler: 5 is not an object'],
  ])('is named with its value and what is allowed: %j', (context, message) => {
    expect(() => parseContext(context)).toThrow(message);
  });
});
