import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { omitUndefined } from '../shared/omitUndefined.ts';
import { BatchHandler } from './batchHandler.ts';
import type { Context } from './context.ts';
import { LlmProvider } from './providers/llmProvider.ts';
import { bundleCode, createNodeFunction } from './resources/functions.ts';
import type { QueuePair } from './resources/queues.ts';

/** A stack with one handler, configured by cdk.json's context. */
export class BatchHandlerStack extends Stack {
  constructor(scope: Construct, id: string, context: Context = {}, props: StackProps = {}) {
    super(scope, id, props);
    const { inputBuckets = [], logRetentionDays: logRetention = logs.RetentionDays.ONE_MONTH } =
      context;
    const removalPolicy =
      context.removalPolicy === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
    const { policy, collector, inbox, alarms, runbook, dashboard, savedQueries } = context;
    const { alarmTopicArn, scheduleMinutes, retentionDays, maxConcurrency } = context;
    const batches = new BatchHandler(this, 'Batches', {
      processor:
        this.#importProcessor(context) ?? this.#exampleProcessor({ logRetention, removalPolicy }),
      providers: this.#providers(context),
      inputBuckets: inputBuckets.map((name) => s3.Bucket.fromBucketName(this, `In-${name}`, name)),
      removalPolicy,
      logRetention,
      ...omitUndefined({
        policy,
        collector,
        inbox,
        alarms: alarms && omitUndefined(alarms),
        alarmTopic: ifDefined(alarmTopicArn, (arn) =>
          sns.Topic.fromTopicArn(this, 'AlarmTopic', arn),
        ),
        runbook,
        dashboard,
        savedQueries,
        maxConcurrency,
        schedule: ifDefined(scheduleMinutes, Duration.minutes),
        retention: ifDefined(retentionDays, Duration.days),
      }),
    });
    this.#outputQueues(batches);
    this.#output(
      'BucketName',
      batches.bucket.bucketName,
      'Upload files to uploads/<batchId>.jsonl',
    );
    this.#output('TableName', batches.table.tableName, 'Holds the state of every batch');
    for (const [name, { secret, credential }] of Object.entries(batches.access)) {
      if (!secret) continue;
      const description = `Put the ${credential} of ${name} in this secret`;
      this.#output(`SecretName-${name}`, secret.secretName, description);
    }
    for (const [name, { url, secret }] of Object.entries(batches.webhooks)) {
      this.#output(`WebhookUrl-${name}`, url, `Enter this URL at ${name} for the events batch.*`);
      const description = `Put the signing secret of the webhooks of ${name} in this secret`;
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

  /** Deploys examples/processor for a user who has no processor yet. */
  #exampleProcessor(props: {
    readonly logRetention: logs.RetentionDays;
    readonly removalPolicy: RemovalPolicy;
  }): lambda.Function {
    return createNodeFunction(this, 'ExampleProcessor', {
      ...props,
      description: 'Summarises the results of each batch into processed/',
      code: bundleCode('exampleProcessor'),
      handler: 'index.handler',
      timeout: Duration.minutes(15),
      memorySize: 1024,
    });
  }

  #providers({ providers }: Context): Record<string, LlmProvider> {
    if (!providers) return { openai: LlmProvider.openAi() };
    return Object.fromEntries(
      Object.entries(providers).map(([name, entry]) => [
        name,
        LlmProvider.fromContext(this, name, entry),
      ]),
    );
  }

  #outputQueues({ queue, queues, collector }: BatchHandler): void {
    const { intake, worker, outcome } = queues;
    this.#output('BatchQueueUrl', queue.queueUrl, 'Send messages to this queue');
    this.#outputPair('Batch', '', intake, 'Holds refused messages');
    this.#outputPair('Work', 'Work', worker, 'Holds work that failed repeatedly');
    const lostOutcomes = 'Holds outcomes of deliveries that could not be recorded';
    this.#outputPair('Outcome', 'Outcome', outcome, lostOutcomes);
    if (!collector) return;
    const { queues: pair } = collector;
    this.#output('CollectorQueueUrl', pair.queue.queueUrl, 'Send single requests to this queue');
    this.#outputPair('Collector', 'Collector', pair, 'Holds refused single requests');
  }

  /** Outputs what reading a dead-letter queue and moving its messages back requires. */
  #outputPair(name: string, deadLetterPrefix: string, pair: QueuePair, description: string): void {
    const { queue, deadLetterQueue } = pair;
    const deadLetterName = `${deadLetterPrefix}DeadLetterQueue`;
    this.#output(
      `${name}QueueArn`,
      queue.queueArn,
      `Destination for moving messages of ${deadLetterName} back`,
    );
    this.#output(`${deadLetterName}Url`, deadLetterQueue.queueUrl, description);
    this.#output(
      `${deadLetterName}Arn`,
      deadLetterQueue.queueArn,
      'Source for moving messages back',
    );
  }

  #output(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }
}

function ifDefined<T, U>(value: T | undefined, convert: (value: T) => U): U | undefined {
  return value === undefined ? undefined : convert(value);
}
