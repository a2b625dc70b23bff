import { Duration, RemovalPolicy, Token } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as scheduler from 'aws-cdk-lib/aws-scheduler';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { STATE_CHANGE } from '../shared/config.ts';
import { omitUndefined } from '../shared/omitUndefined.ts';
import { PACKAGE_VERSION } from '../shared/package.ts';
import type { BatchHandlerProps, StateChangeFilter } from './batchHandlerProps.ts';
import { ConfigurationError } from './configurationError.ts';
import { describeHandler } from './discovery.ts';
import type { Severity } from './monitoring/alarmSpec.ts';
import { createAlarms } from './monitoring/createAlarms.ts';
import { createDashboard } from './monitoring/dashboard.ts';

import { functionsOf } from './monitoring/monitored.ts';
import { saveQueries } from './monitoring/queries.ts';
import { OwnedResources } from './ownedResources.ts';
import { bindProviders, type GrantResult } from './providers/access.ts';
import { subscribeToJobEvents } from './providers/bedrock.ts';
import { type Api, createApi } from './resources/api.ts';
import { grantServe } from './resources/apiGrants.ts';
import { type Collector, createCollector } from './resources/collector.ts';
import { Delivery } from './resources/delivery.ts';
import { checkEnvironments } from './resources/environmentSize.ts';
import {
  connectQueues,
  createFunctions,
  FUNCTION_SPECS,
  type HandlerResources,
  ownCode,
} from './resources/functions.ts';
import { createInbox } from './resources/inbox.ts';
import { networkOf } from './resources/network.ts';
import { createOutputs, outputPrefix } from './resources/outputs.ts';
import { grantPermissions } from './resources/permissions.ts';
import { checkReplaced } from './resources/replaced.ts';
import { replacedBy, runtimeCode } from './resources/runtime.ts';
import { createSchedule } from './resources/schedule.ts';
import { createStorage } from './resources/storage.ts';
import { createWebhooks, type WebhookEndpoint } from './resources/webhooks.ts';
import { settingsText, timingOf } from './settings.ts';

/** Serves the files of what npm has: the docs of the version that is deployed. */
const DOCS_URL = `https://unpkg.com/batch-handler@${PACKAGE_VERSION}/docs`;

/** @throws ConfigurationError for what an alarm could not link to */
function runbookIn(docsUrl: string): string {
  if (!Token.isUnresolved(docsUrl) && !/^https?:\/\/[^/]/.test(docsUrl))
    throw new ConfigurationError(
      `docsUrl is ${JSON.stringify(docsUrl)}: give an address that begins with https://`,
    );
  return `${docsUrl.replace(/\/+$/, '')}/runbook.md`;
}

function eventBusOf(scope: Construct, { eventBus }: BatchHandlerProps): events.IEventBus {
  const bus = eventBus ?? events.EventBus.fromEventBusName(scope, 'DefaultBus', 'default');
  return bus as events.IEventBus;
}

/**
 * Runs batches of LLM requests: submits each JSONL file to the Batch API of an LLM provider, retries
 * unfinished requests, and delivers the results to your Lambda function.
 *
 * ```ts
 * const batches = new BatchHandler(this, 'Batches', {
 *   processor,
 *   providers: { openai: LlmProvider.openAi({ secret }) },
 * });
 * batches.grantAdd(api);
 * ```
 *
 * @throws ConfigurationError for a prop that is invalid; the message names the prop and the fix
 */
export class BatchHandler extends OwnedResources {
  /** Collects single requests into batches. Undefined without the prop `collector`. */
  readonly collector: Collector | undefined;
  /** OpenAI's Batch API in front of the handler. Undefined without the prop `api`. */
  readonly api: Api | undefined;
  /** All functions of the handler, by name: `intake`, `sweeper`, `worker`, `outcome` and so on. */
  readonly functions: Readonly<Record<string, lambda.Function>>;
  /** Runs on the schedule and advances every batch that is due. */
  readonly sweeper: lambda.Function;
  /** Invokes the sweeper. */
  readonly schedule: scheduler.Schedule;
  /** The alarms that the prop `alarms` leaves on. The id of each is its section in docs/runbook.md. */
  readonly alarms: readonly cloudwatch.Alarm[];
  /** The dashboard for the person on call. Undefined without the prop `dashboard`. */
  readonly dashboard: cloudwatch.Dashboard | undefined;
  /** What each provider entry was granted: its secret, or the role of its jobs. */
  readonly access: Readonly<Record<string, GrantResult>>;
  /** Webhook URL and signing secret of each entry of OpenAI with the option `webhook`. */
  readonly webhooks: Readonly<Record<string, WebhookEndpoint>>;

  /** @internal */
  override readonly resources: HandlerResources;

  constructor(scope: Construct, id: string, props: BatchHandlerProps) {
    super(scope, id);
    checkReplaced(props);
    const { providers, inputBuckets = [], collector: collectorSettings, api } = props;
    const { schedule: interval = Duration.minutes(1) } = props;
    const { runbook = runbookIn(props.docsUrl ?? DOCS_URL) } = props;
    const { removalPolicy = RemovalPolicy.RETAIN, alarmTopics = {} } = props;
    // Under `exactOptionalPropertyTypes` CDK's classes do not implement CDK's interfaces.
    const processor = props.processor as lambda.IFunction;
    const { page = props.alarmTopic, ticket = props.alarmTopic } = alarmTopics;
    const topics = { page, ticket } as Record<Severity, sns.ITopic | undefined>;
    const { policy, invocationAge, objectAge } = timingOf(
      props.policy ?? {},
      omitUndefined({ retention: props.retention, inputRetention: props.inputRetention }),
      processor,
    );
    const entries = Object.entries(providers);
    const settings = settingsText({
      providers: Object.fromEntries(entries.map(([name, provider]) => [name, provider.settings])),
      policy,
      ...omitUndefined({ collector: collectorSettings, shards: props.shards }),
    });

    const replaced = replacedBy(props.runtime);
    const stored = createStorage(this, props, { objectAge, removalPolicy, replaced });
    const { table, bucket, queues, prefixes, encryptionKey } = stored;
    const { queue: outcomeQueue } = queues.outcome;
    const delivered = { processor, table, bucket, prefixes, outcomeQueue, invocationAge };
    new Delivery(this, 'Delivery', delivered);

    const resources: HandlerResources = {
      ...{ ...stored, inputBuckets, processor, replaced },
      eventBus: replaced.includes('bus') ? undefined : eventBusOf(this, props),
    };
    this.resources = resources;
    const withWebhook = entries.filter(([, provider]) => provider.webhook);
    const needed = [
      ...Object.keys(FUNCTION_SPECS),
      ...(collectorSettings ? ['collector'] : []),
      ...(withWebhook.length > 0 ? ['webhook'] : []),
      ...(api ? ['api'] : []),
    ];
    const functionsProps = {
      resources,
      service: this.service,
      source: props.runtime
        ? runtimeCode(this, props.runtime, settings, needed)
        : ownCode(settings),
      logRetention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
      removalPolicy,
      encryptionKey,
      network: networkOf(this, props),
      tracing: props.tracing ?? false,
    };
    const functions = createFunctions(this, functionsProps);
    const { sweeper } = functions;
    this.sweeper = sweeper;
    grantPermissions(functions, resources);
    if (props.inbox) createInbox(this, functions, resources);
    const { function: webhook, endpoints } = createWebhooks(
      this,
      functionsProps,
      new Map(withWebhook.map(([name, { settings }]) => [name, settings.kind])),
      functions.worker,
    );
    this.webhooks = endpoints;
    const callers = { ...functions, webhook };
    this.access = bindProviders(this, providers, callers, {
      ...{ bucket, removalPolicy, encryptionKey, providerFiles: prefixes.providerFiles },
      areSecretsReplaced: replaced.includes('secrets'),
    });
    connectQueues(functions, queues, props.maxConcurrency ?? 10);
    subscribeToJobEvents(this, providers, sweeper);
    const { shards = 1 } = props;
    this.schedule = createSchedule(this, sweeper, { rate: interval, shards });
    this.collector =
      collectorSettings &&
      createCollector(this, functionsProps, {
        settings: collectorSettings,
        entries: Object.keys(providers),
        sweeper,
      });

    this.api = api
      ? createApi(this, functionsProps, functions.worker, api === true ? {} : api)
      : undefined;

    const { access, collector, schedule } = this;
    const parts = { functions, collector, webhook, api: this.api };
    const monitored = { ...parts, handler: this, queues, providers, interval, shards };
    this.functions = functionsOf(monitored);
    this.alarms = createAlarms(monitored, props.alarms ?? {}, { topics, runbook });
    if (props.savedQueries !== false) saveQueries(monitored);
    this.dashboard = props.dashboard ? createDashboard(monitored, this.alarms, runbook) : undefined;
    checkEnvironments(this, entries.length);
    if (props.outputs !== false) createOutputs(this, outputPrefix(this));
    describeHandler(this, { ...parts, schedule, settings, resources, access });
  }

  /**
   * Allows `batch-handler serve`: the HTTP API on a machine of the grantee's, who is above all tenants.
   */
  grantServe(grantee: iam.IGrantable): iam.Grant {
    return grantServe(grantee, this, this.resources, this.sweeper.functionArn);
  }

  /**
   * The event pattern of a rule on the handler's event bus: state changes of batches that match the
   * filter. Every handler on a bus publishes the same kind of event: tell handlers apart by the names
   * of their provider entries, or give each its own bus.
   */
  eventPattern({ from, to, providers }: StateChangeFilter = {}): events.EventPattern {
    const detail = omitUndefined({
      from: from && [...from],
      to: to && [...to],
      provider: providers && [...providers],
    });
    return {
      source: [STATE_CHANGE.source],
      detailType: [STATE_CHANGE.detailType],
      // CloudFormation rejects a pattern that contains an empty object.
      ...(Object.keys(detail).length > 0 ? { detail } : {}),
    };
  }
}
