import { readFileSync } from 'node:fs';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { describe, expect, it } from 'vitest';
import { METRIC_NAMESPACE, METRICS } from '../../shared/metrics.ts';
import { grantedToClient } from '../support/clientGrants.ts';
import {
  newHandler,
  newProcessor,
  newStack,
  resourceOf,
  resourcesOf,
  templateWith,
} from '../support/handlerStack.ts';

const QUEUES = ['Batch', 'Work', 'Outcome'];
const FUNCTIONS = ['Intake', 'Sweeper', 'Worker', 'Outcome'];

describe('a handler with its defaults', () => {
  const template = templateWith();

  it('keeps its state in an encrypted table with lean indexes, backups and expiry', () => {
    template.hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      Replicas: [
        Match.objectLike({
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          DeletionProtectionEnabled: true,
        }),
      ],
      GlobalSecondaryIndexes: [
        Match.objectLike({
          IndexName: 'due',
          KeySchema: [
            { AttributeName: 'queue', KeyType: 'HASH' },
            { AttributeName: 'dueAt', KeyType: 'RANGE' },
          ],
          Projection: Match.objectLike({ ProjectionType: 'INCLUDE' }),
        }),
        Match.objectLike({
          IndexName: 'provider',
          KeySchema: [{ AttributeName: 'activeProvider', KeyType: 'HASH' }],
          Projection: Match.objectLike({ ProjectionType: 'INCLUDE' }),
        }),
        Match.objectLike({
          IndexName: 'created',
          KeySchema: [
            { AttributeName: 'createdMonth', KeyType: 'HASH' },
            { AttributeName: 'createdAt', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['status', 'provider'] },
        }),
      ],
    });
  });

  it('keeps files in a private, encrypted bucket that forgets old batches', () => {
    // 90 days after the end of a batch, which is at most 7 days old then.
    const expiry = (prefix: string) =>
      Match.objectLike({ Prefix: prefix, ExpirationInDays: 114, Status: 'Enabled' });
    template.hasResourceProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
        ],
      },
      LifecycleConfiguration: {
        Rules: [
          Match.objectLike({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }),
          expiry('uploads/'),
          expiry('batches/'),
          Match.objectLike({ Prefix: 'provider-files/', ExpirationInDays: 30, Status: 'Enabled' }),
        ],
      },
    });
  });

  it.each(['AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy'])('refuses plain HTTP: %s', (type) => {
    const protectedBy = Object.values(resourcesOf(template, type));

    expect(protectedBy).toHaveLength(type === 'AWS::S3::BucketPolicy' ? 1 : 6);
    for (const { Properties } of protectedBy) {
      expect(Properties.PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
      );
    }
  });

  it.each(QUEUES)('%s queue: encrypted, dead letters after 5 deliveries, kept 14 days', (name) => {
    const queue = resourceOf(template, 'AWS::SQS::Queue', `Batches${name}Queue`);
    const dead = resourceOf(template, 'AWS::SQS::Queue', `Batches${name}DeadLetterQueue`);

    expect(queue.Properties).toMatchObject({
      SqsManagedSseEnabled: true,
      RedrivePolicy: {
        maxReceiveCount: 5,
        deadLetterTargetArn: { 'Fn::GetAtt': [dead.logicalId, 'Arn'] },
      },
    });
    expect(dead.Properties).toMatchObject({
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 24 * 60 * 60,
    });
  });

  it('hides a message for at least six times as long as its function may run', () => {
    const sources = Object.values(resourcesOf(template, 'AWS::Lambda::EventSourceMapping'));

    expect(sources).toHaveLength(3);
    for (const { Properties } of sources) {
      const queue = resourceOf(
        template,
        'AWS::SQS::Queue',
        Properties.EventSourceArn['Fn::GetAtt'][0],
      );
      const consumer = resourceOf(template, 'AWS::Lambda::Function', Properties.FunctionName.Ref);
      expect(queue.Properties.VisibilityTimeout).toBeGreaterThanOrEqual(
        6 * consumer.Properties.Timeout,
      );
      expect(Properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
    }
  });

  it('gives each worker one message, and reserves no concurrency', () => {
    const source = resourceOf(template, 'AWS::Lambda::EventSourceMapping', 'BatchesWorker');

    expect(source.Properties).toMatchObject({
      BatchSize: 1,
      ScalingConfig: { MaximumConcurrency: 10 },
    });
    for (const { Properties } of Object.values(resourcesOf(template, 'AWS::Lambda::Function'))) {
      expect(Properties.ReservedConcurrentExecutions).toBeUndefined();
    }
  });

  it.each(FUNCTIONS)('%s: Node.js 24, logs kept a month, a small environment', (name) => {
    const { Properties } = resourceOf(template, 'AWS::Lambda::Function', `Batches${name}`);
    const logs = resourceOf(template, 'AWS::Logs::LogGroup', `Batches${name}Logs`);

    expect(Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: `${name.toLowerCase()}.handler`,
      LoggingConfig: { LogGroup: { Ref: logs.logicalId } },
    });
    expect(logs.Properties.RetentionInDays).toBe(30);
    expect(Properties.Environment.Variables).toHaveProperty('TABLE_NAME');
  });

  it('sweeps every minute, and repeats no sweep that failed', () => {
    const sweeper = resourceOf(template, 'AWS::Lambda::Function', 'BatchesSweeper');

    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(1 minute)',
      Target: Match.objectLike({
        Arn: { 'Fn::GetAtt': [sweeper.logicalId, 'Arn'] },
        RetryPolicy: Match.objectLike({ MaximumRetryAttempts: 0 }),
      }),
    });
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: sweeper.logicalId },
      MaximumRetryAttempts: 0,
    });
  });

  it('keeps the data when it is deleted, and names nothing itself', () => {
    for (const type of [
      'AWS::DynamoDB::GlobalTable',
      'AWS::S3::Bucket',
      // Without it, the bucket would accept requests without TLS.
      'AWS::S3::BucketPolicy',
      'AWS::SecretsManager::Secret',
      'AWS::Logs::LogGroup',
    ]) {
      template.allResources(type, { DeletionPolicy: 'Retain' });
    }
    const text = JSON.stringify(template.toJSON());
    for (const name of ['TableName', 'BucketName', 'QueueName', 'FunctionName":"', 'RoleName']) {
      expect(text).not.toContain(`"${name}":"`);
    }
  });

  it('alarms on the first message in any dead-letter queue', () => {
    const queues = Object.values(resourcesOf(template, 'AWS::SQS::Queue'));
    const deadLetterQueues = queues.flatMap(
      ({ Properties }) => Properties.RedrivePolicy?.deadLetterTargetArn['Fn::GetAtt'][0] ?? [],
    );
    const alarms = Object.values(resourcesOf(template, 'AWS::CloudWatch::Alarm')).filter(
      ({ Properties }) => Properties.Namespace === 'AWS/SQS',
    );

    const watched = alarms.map(({ Properties }) => Properties.Dimensions[0].Value['Fn::GetAtt'][0]);

    expect(deadLetterQueues).toHaveLength(3);
    expect(watched.sort()).toEqual(deadLetterQueues.sort());
    for (const { Properties } of alarms) {
      expect(Properties).toMatchObject({
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Statistic: 'Maximum',
        Threshold: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        EvaluationPeriods: 1,
        TreatMissingData: 'notBreaching',
      });
    }
  });
});

describe('props', () => {
  it('change the schedule, the concurrency, the retentions, the bus and the removal', () => {
    const stack = newStack();
    newHandler(stack, {
      schedule: Duration.minutes(5),
      maxConcurrency: 50,
      retention: Duration.days(10),
      logRetention: RetentionDays.ONE_WEEK,
      eventBus: new events.EventBus(stack, 'Bus'),
      policy: { maxAgeSeconds: 24 * 60 * 60 },
      removalPolicy: RemovalPolicy.DESTROY,
    });

    const template = Template.fromStack(stack);

    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(5 minutes)',
    });
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      ScalingConfig: { MaximumConcurrency: 50 },
    });
    template.hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: {
        Rules: Match.arrayWith([Match.objectLike({ ExpirationInDays: 22 })]),
      },
    });
    template.resourcePropertiesCountIs('AWS::Logs::LogGroup', { RetentionInDays: 7 }, 4);
    const { Properties } = resourceOf(template, 'AWS::Lambda::Function', 'BatchesOutcome');
    expect(Properties.Environment.Variables.EVENT_BUS_NAME).toHaveProperty('Ref');
    template.allResources('AWS::DynamoDB::GlobalTable', { DeletionPolicy: 'Delete' });
    for (const type of ['AWS::S3::Bucket', 'AWS::S3::BucketPolicy'])
      template.allResources(type, { DeletionPolicy: 'Delete' });
  });

  it('refuse an event age that Lambda does not take', () => {
    const policy = { invocationAgeSeconds: 30 };

    expect(() => templateWith({ policy })).toThrow(
      'policy.invocationAgeSeconds is 30: Lambda takes whole seconds, at least 60',
    );
  });
});

describe('the environment', () => {
  it('gives the names of the secrets to the sweeper and the worker only', () => {
    const template = templateWith();
    const secret = resourceOf(template, 'AWS::SecretsManager::Secret', 'BatchesSecretopenai');

    const told = FUNCTIONS.filter((name) => {
      const { Properties } = resourceOf(template, 'AWS::Lambda::Function', `Batches${name}`);
      return JSON.stringify(Properties.Environment).includes(secret.logicalId);
    });

    expect(told).toEqual(['Sweeper', 'Worker']);
    expect(secret.Properties.SecretString).toBe('FILL-ME');
  });
});

describe('in somebody else’s stack', () => {
  it('can be created twice, sharing nothing', () => {
    const stack = newStack();
    const processor = newProcessor(stack);
    newHandler(stack, { id: 'One', processor });
    newHandler(stack, { id: 'Two', processor: processor.addAlias('two') });

    const template = Template.fromStack(stack);

    template.resourceCountIs('AWS::DynamoDB::GlobalTable', 2);
    const services = ['OneIntake', 'TwoIntake'].map(
      (prefix) =>
        resourceOf(template, 'AWS::Lambda::Function', prefix).Properties.Environment.Variables
          .POWERTOOLS_SERVICE_NAME,
    );
    expect(new Set(services).size).toBe(2);
  });

  it('lets a function add batches and nothing else', () => {
    const stack = newStack();
    const api = new iam.Role(stack, 'Api', { assumedBy: new iam.AccountRootPrincipal() });

    newHandler(stack).grantAdd(api).assertSuccess();

    const { Properties } = resourceOf(Template.fromStack(stack), 'AWS::IAM::Policy', 'Api');
    const { Statement } = Properties.PolicyDocument;
    expect(Statement.map(({ Action }: { Action: unknown }) => Action)).toEqual([
      'sqs:SendMessage',
      's3:PutObject',
    ]);
    expect(JSON.stringify(Statement[1].Resource)).toContain('/uploads/*');
  });

  it('grants the client library what docs/cli.md lists', () => {
    const granted = grantedToClient();

    expect(granted).toEqual([
      'BatchesBatchDeadLetterQueue: sqs:ReceiveMessage',
      'BatchesBatchQueue: sqs:SendMessage',
      'BatchesTable: dynamodb:BatchGetItem',
      'BatchesTable: dynamodb:GetItem',
      'BatchesTable: dynamodb:Scan',
      'batches/*: s3:GetObject',
      'index/created: dynamodb:Query',
      'index/due: dynamodb:Query',
      'index/provider: dynamodb:Query',
      'stack: cloudformation:GetTemplateSummary',
      'stack: cloudformation:ListStackResources',
      'uploads/*: s3:AbortMultipartUpload',
      'uploads/*: s3:PutObject',
    ]);
    const guide = readFileSync('docs/cli.md', 'utf8');
    for (const action of granted.map((each) => each.replace(/^.*: /, '')))
      expect(guide).toContain(action.replace(/^dynamodb:(BatchGet|Get)Item$/, '$1Item'));
  });

  it('has the metrics that its functions emit', () => {
    const handler = newHandler(newStack());

    const metrics = [
      [handler.metricAccepted(), METRICS.accepted, 'Sum'],
      [handler.metricCompleted(), METRICS.completed, 'Sum'],
      [handler.metricFailed(), METRICS.failed, 'Sum'],
      [handler.metricRefused(), METRICS.refused, 'Sum'],
      [handler.metricProviderBlocked(), METRICS.providerBlocked, 'Maximum'],
    ] as const;

    for (const [metric, metricName, statistic] of metrics) {
      expect(metric).toMatchObject({
        namespace: METRIC_NAMESPACE,
        metricName,
        statistic,
        dimensions: { service: handler.service },
      });
    }
  });
});
