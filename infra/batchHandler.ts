import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { BatchHandlerProps } from './batchHandlerProps.ts';
import { createBucket } from './bucket.ts';
import { type Collector, createCollector } from './collector.ts';
import { Delivery } from './delivery.ts';
import { describeHandler } from './discovery.ts';
import { eventPattern, type StateChangeFilter } from './eventPattern.ts';
import { connectQueues } from './eventSources.ts';
import { createFunctions } from './functions.ts';
import { grantAdd, grantClient, grantRead } from './grants.ts';
import { HandlerMetrics } from './handlerMetrics.ts';
import { createInbox } from './inbox.ts';
import { createMonitoring } from './monitoring/monitoring.ts';
import { grantPermissions } from './permissions.ts';
import { timingOf } from './policy.ts';
import type { Granted } from './providers/access.ts';
import { listenToBedrock } from './providers/bedrockEvents.ts';
import { bindProviders } from './providers/bindProviders.ts';
import { createQueues, type Queues } from './queues.ts';
import { createSchedule } from './schedule.ts';
import { settingsText } from './settings.ts';
import { createTable } from './table.ts';
import { createWebhooks, type WebhookEndpoint } from './webhooks.ts';

/**
 * Brings every request of a JSONL file to an end at an LLM provider's Batch API, and hands the
 * results to a function of yours.
 *
 * ```ts
 * const batches = new BatchHandler(this, 'Batches', {
 *   processor,
 *   providers: { openai: LlmProvider.openAi({ secret }) },
 * });
 * batches.grantAdd(api);
 * ```
 *
 * @throws ConfigurationError, naming the prop and the fix, for what could not work
 */
export class BatchHandler extends HandlerMetrics {
  /** Batches, provider states, the sweep's lock and the records of processors that run once. */
  readonly table: dynamodb.TableV2;
  /** Inputs, results and errors; a user uploads to `uploads/<batchId>.jsonl`. */
  readonly bucket: s3.Bucket;
  /** Takes the messages that add and command batches, and pause and resume providers. */
  readonly queue: sqs.Queue;
  /** Where a message of `queue` goes that was refused, with its reason as an attribute. */
  readonly deadLetterQueue: sqs.Queue;
  /** Each queue with its dead-letter queue, by the function that consumes it. */
  readonly queues: Queues;
  /** Takes single requests; undefined without the prop `collector`. */
  readonly collector: Collector | undefined;
  /** Looks at everything that is due, on the schedule. */
  readonly sweeper: lambda.Function;
  /** Those of `AlarmSettings` that are on, each by the id of its section in docs/runbook.md. */
  readonly alarms: readonly cloudwatch.Alarm[];
  /** For somebody who is on call; undefined with the prop `dashboard: false`. */
  readonly dashboard: cloudwatch.Dashboard | undefined;
  /** What each provider entry was given: its secret, or the role of its jobs. */
  readonly access: Readonly<Record<string, Granted>>;
  /** Where each entry with `webhook` is sent webhooks, and the secret that they are signed with. */
  readonly webhooks: Readonly<Record<string, WebhookEndpoint>>;

  constructor(scope: Construct, id: string, props: BatchHandlerProps) {
    super(scope, id);
    const { providers, inputBuckets = [] } = props;
    // The interfaces differ only in what `exactOptionalPropertyTypes` makes of CDK's optional members.
    const processor = props.processor as lambda.IFunction;
    const eventBus = (props.eventBus ??
      events.EventBus.fromEventBusName(this, 'DefaultBus', 'default')) as events.IEventBus;
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const timing = timingOf(props.policy ?? {}, props.retention, processor);
    const { policy, invocationAge, objectAge } = timing;
    const entries = Object.entries(providers);
    const settings = settingsText({
      providers: Object.fromEntries(entries.map(([name, { settings }]) => [name, settings])),
      policy,
      ...(props.collector === undefined ? {} : { collector: props.collector }),
    });

    const queues = createQueues(this);
    this.queues = queues;
    this.queue = queues.intake.queue;
    this.deadLetterQueue = queues.intake.deadLetterQueue;
    this.table = createTable(this, removalPolicy);
    this.bucket = createBucket(this, objectAge, removalPolicy);

    new Delivery(this, 'Delivery', {
      processor,
      table: this.table,
      bucket: this.bucket,
      outcomeQueue: queues.outcome.queue,
      invocationAge,
    });
    const { table, bucket } = this;
    const resources = { table, bucket, inputBuckets, queues, processor, eventBus };
    const functionsProps = {
      resources,
      service: this.service,
      settings,
      logRetention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
      removalPolicy,
    };
    const functions = createFunctions(this, functionsProps);
    grantPermissions(functions, resources);
    if (props.inbox) createInbox(this, functions, resources, objectAge);
    const { function: webhook, endpoints } = createWebhooks(this, functionsProps, providers);
    this.webhooks = endpoints;
    const callers = { ...functions, webhook };
    this.access = bindProviders(this, providers, callers, { bucket, removalPolicy });
    connectQueues(functions, queues, props.maxConcurrency ?? 10);
    this.sweeper = functions.sweeper;
    listenToBedrock(this, providers, this.sweeper);
    const { schedule: interval = Duration.minutes(1) } = props;
    const schedule = createSchedule(this, this.sweeper, interval);
    this.collector =
      props.collector &&
      createCollector(this, functionsProps, functions.sweeper, {
        settings: props.collector,
        entries: Object.keys(providers),
      });
    const { access, collector } = this;
    const parts = { functions, schedule, collector, webhook };
    const monitored = { ...parts, handler: this, queues, providers, interval };
    const { alarms, dashboard } = createMonitoring(monitored, props);
    this.alarms = alarms;
    this.dashboard = dashboard;
    describeHandler(this, { settings, resources, access, ...parts });
  }

  /**
   * What a rule on the handler's event bus matches: its state changes, those alone that fit. Handlers
   * on one bus hear each other's: tell them apart by the names of provider entries, or give each a bus.
   */
  eventPattern(filter: StateChangeFilter = {}): events.EventPattern {
    return eventPattern(filter);
  }

  /** Lets somebody add batches: upload a file to `uploads/*` and send messages to the queue. */
  grantAdd(grantee: iam.IGrantable): iam.Grant {
    return grantAdd(grantee, this);
  }

  /** Lets somebody see how batches stand and fetch their rows, as the client library does. */
  grantRead(grantee: iam.IGrantable): iam.Grant {
    return grantRead(grantee, this);
  }

  /** Lets somebody use the client library: add, read and command batches, pause and resume providers. */
  grantClient(grantee: iam.IGrantable): iam.Grant {
    return grantClient(grantee, this);
  }
}
