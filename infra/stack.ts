import { Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { omitUndefined } from '../shared/omitUndefined.ts';
import type { ApiProps } from './apiProps.ts';
import { BatchHandler } from './batchHandler.ts';
import type { ApiContext, Context } from './context.ts';
import { LlmProvider } from './providers/llmProvider.ts';
import { bundleCode, createNodeFunction } from './resources/functions.ts';
import { createOutputs } from './resources/outputs.ts';

/** A stack with one handler, configured by cdk.json's context. */
export class BatchHandlerStack extends Stack {
  constructor(scope: Construct, id: string, context: Context = {}, props: StackProps = {}) {
    super(scope, id, props);
    const { inputBuckets = [], logRetentionDays: logRetention = logs.RetentionDays.ONE_MONTH } =
      context;
    const removalPolicy =
      context.removalPolicy === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
    const { policy, collector, inbox, alarms, runbook } = context;
    const { alarmTopicArn, alarmTopicArns: { page, ticket } = {}, docsUrl } = context;
    const { api, dashboard, tracing, savedQueries } = context;
    const { scheduleMinutes, retentionDays, inputRetentionDays, maxConcurrency, shards } = context;
    const batches = new BatchHandler(this, 'Batches', {
      processor:
        this.#importProcessor(context) ??
        this.#exampleProcessor({ logRetention, removalPolicy, tracing: tracing ?? false }),
      providers: this.#providers(context),
      inputBuckets: inputBuckets.map((name) => s3.Bucket.fromBucketName(this, `In-${name}`, name)),
      removalPolicy,
      logRetention,
      outputs: false,
      ...omitUndefined({
        policy,
        collector,
        inbox,
        alarms: alarms && omitUndefined(alarms),
        alarmTopic: this.#topic(alarmTopicArn, 'AlarmTopic'),
        alarmTopics: omitUndefined({
          page: this.#topic(page, 'PageTopic'),
          ticket: this.#topic(ticket, 'TicketTopic'),
        }),
        docsUrl,
        runbook,
        dashboard,
        tracing,
        savedQueries,
        maxConcurrency,
        shards,
        api: typeof api === 'object' ? apiPropsOf(api) : api,
        schedule: ifDefined(scheduleMinutes, Duration.minutes),
        retention: ifDefined(retentionDays, Duration.days),
        inputRetention: ifDefined(inputRetentionDays, Duration.days),
      }),
    });
    // Without a prefix, because the stack has no other handler.
    createOutputs(batches, '');
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
    readonly tracing: boolean;
  }): lambda.Function {
    return createNodeFunction(this, 'ExampleProcessor', {
      ...props,
      description: 'Summarises the results of each batch into processed/',
      code: bundleCode('exampleProcessor'),
      handler: 'index.handler',
      timeout: Duration.minutes(15),
      memorySize: 1024,
      // It starts rarely. The handler's own functions read the source maps only for an error.
      environment: { NODE_OPTIONS: '--enable-source-maps --max-semi-space-size=4' },
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

  #topic(arn: string | undefined, id: string): sns.ITopic | undefined {
    return ifDefined(arn, (given) => sns.Topic.fromTopicArn(this, id, given));
  }
}

function apiPropsOf({ timeoutSeconds, memoryMiB, ...rest }: ApiContext): ApiProps {
  return omitUndefined({
    ...rest,
    timeout: ifDefined(timeoutSeconds, Duration.seconds),
    memorySize: memoryMiB,
  });
}

function ifDefined<T, U>(value: T | undefined, convert: (value: T) => U): U | undefined {
  return value === undefined ? undefined : convert(value);
}
