import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { BatchHandler } from './batchHandler.ts';
import type { Context } from './context.ts';
import { contextProvider } from './contextProvider.ts';
import { createExampleProcessor } from './exampleProcessor.ts';
import { LlmProvider } from './llmProvider.ts';
import type { AlarmSettings } from './monitoring/alarmSettings.ts';
import type { Queues } from './queues.ts';

/** The handler as a stack of its own, as cdk.json's context describes it. */
export class BatchHandlerStack extends Stack {
  constructor(scope: Construct, id: string, context: Context = {}, props: StackProps = {}) {
    super(scope, id, props);
    const removalPolicy =
      context.removalPolicy === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
    const logRetention = context.logRetentionDays ?? logs.RetentionDays.ONE_MONTH;
    const { retentionDays, scheduleMinutes, maxConcurrency, policy, inputBuckets = [] } = context;
    const { collector, inbox, alarms, alarmTopicArn, runbook, dashboard } = context;
    const batches = new BatchHandler(this, 'Batches', {
      processor:
        this.#importProcessor(context) ??
        createExampleProcessor(this, { logRetention, removalPolicy }),
      providers: this.#providers(context),
      inputBuckets: inputBuckets.map((name) => s3.Bucket.fromBucketName(this, `In-${name}`, name)),
      removalPolicy,
      logRetention,
      ...(policy === undefined ? {} : { policy }),
      ...(collector === undefined ? {} : { collector }),
      ...(inbox === undefined ? {} : { inbox }),
      ...(alarms === undefined ? {} : { alarms: alarms as AlarmSettings }),
      ...(alarmTopicArn === undefined
        ? {}
        : { alarmTopic: sns.Topic.fromTopicArn(this, 'AlarmTopic', alarmTopicArn) }),
      ...(runbook === undefined ? {} : { runbook }),
      ...(dashboard === undefined ? {} : { dashboard }),
      ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
      ...(scheduleMinutes === undefined ? {} : { schedule: Duration.minutes(scheduleMinutes) }),
      ...(retentionDays === undefined ? {} : { retention: Duration.days(retentionDays) }),
    });
    this.#output('BatchQueueUrl', batches.queue.queueUrl, 'Send messages here');
    const { intake, worker, outcome } = batches.queues;
    this.#outputPair('Batch', '', intake, 'Refused messages');
    this.#outputPair('Work', 'Work', worker, 'Work that failed again and again');
    this.#outputPair('Outcome', 'Outcome', outcome, 'Ends of deliveries that were not noted');
    if (batches.collector) {
      const { queues } = batches.collector;
      this.#output('CollectorQueueUrl', queues.queue.queueUrl, 'Send single requests here');
      this.#outputPair('Collector', 'Collector', queues, 'Refused requests');
    }
    this.#output(
      'BucketName',
      batches.bucket.bucketName,
      'Upload files to uploads/<batchId>.jsonl',
    );
    this.#output('TableName', batches.table.tableName, 'The state of every batch');
    for (const [name, { secret, credential }] of Object.entries(batches.access)) {
      if (!secret) continue;
      const description = `Put the ${credential} of ${name} in here`;
      this.#output(`SecretName-${name}`, secret.secretName, description);
    }
    for (const [name, { url, secret }] of Object.entries(batches.webhooks)) {
      this.#output(`WebhookUrl-${name}`, url, `Enter it at ${name} for the events batch.*`);
      const description = `Put the signing secret of the webhooks of ${name} in here`;
      this.#output(`WebhookSecretName-${name}`, secret.secretName, description);
    }
  }

  #importProcessor({ processorArn, processorRoleArn }: Context): lambda.IFunction | undefined {
    if (processorArn === undefined || processorRoleArn === undefined) return undefined;
    return lambda.Function.fromFunctionAttributes(this, 'Processor', {
      functionArn: processorArn,
      role: iam.Role.fromRoleArn(this, 'ProcessorRole', processorRoleArn),
    });
  }

  #providers({ providers }: Context): Record<string, LlmProvider> {
    if (!providers) return { openai: LlmProvider.openAi() };
    return Object.fromEntries(
      Object.entries(providers).map(([name, entry]) => [name, contextProvider(this, name, entry)]),
    );
  }

  /** What it takes to look into a dead-letter queue, and to move its messages back. */
  #outputPair(name: string, dead: string, pair: Queues['intake'], description: string): void {
    const { queue, deadLetterQueue } = pair;
    this.#output(
      `${name}QueueArn`,
      queue.queueArn,
      `Where messages of ${dead}DeadLetterQueue go back to`,
    );
    this.#output(`${dead}DeadLetterQueueUrl`, deadLetterQueue.queueUrl, description);
    this.#output(
      `${dead}DeadLetterQueueArn`,
      deadLetterQueue.queueArn,
      'Where they are moved from',
    );
  }

  #output(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }
}
