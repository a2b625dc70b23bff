import { Duration } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Construct } from 'constructs';
import { type CollectorSettingsInput, ENVIRONMENT } from '../shared/config.ts';
import { bundleCode } from './bundleCode.ts';
import { grantCollector, grantFind, grantSend } from './collectorPermissions.ts';
import { ConfigurationError } from './configurationError.ts';
import { environmentOf, type FunctionsProps } from './functions.ts';
import { createNodeFunction } from './nodeFunction.ts';
import { allow } from './permissions.ts';
import { createPair, type QueuePair } from './queues.ts';

/** Joins a window of 100,000 requests with time to spare. */
const TIMEOUT = Duration.minutes(5);
/** How long Lambda waits for more messages: each invocation is an object and a write of the table. */
const MAX_BATCHING_SECONDS = 20;
/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: or 6 MB of them. */
const MAX_MESSAGES = 10_000;
/** All write the same item: more of them would lose more races than they gain. */
const MAX_CONCURRENCY = 5;

/** What gathers single requests into batches. */
export interface Collector {
  /** Takes single requests, with where the refused ones go. */
  readonly queues: QueuePair;
  readonly function: lambda.Function;
  /** Lets somebody send requests. */
  grantSend(grantee: iam.IGrantable): iam.Grant;
  /** Lets somebody ask for the batch that a request is in, by its `custom_id`. */
  grantFind(grantee: iam.IGrantable): iam.Grant;
}

export function createCollector(
  scope: Construct,
  { resources, service, settings: settingsText, ...props }: FunctionsProps,
  sweeper: lambda.Function,
  { settings, entries }: { settings: CollectorSettingsInput; entries: readonly string[] },
): Collector {
  const { provider, maxAgeSeconds = MAX_BATCHING_SECONDS } = settings;
  if (provider !== undefined && !entries.includes(provider)) {
    const allowed = entries.join(', ');
    throw new ConfigurationError(
      `collector.provider is ${provider}, which is no entry of providers: use one of ${allowed}`,
    );
  }
  const maxBatchingWindow = Duration.seconds(Math.min(MAX_BATCHING_SECONDS, maxAgeSeconds));
  const queues = createPair(scope, 'Collector', TIMEOUT.plus(maxBatchingWindow));
  const { queue, deadLetterQueue } = queues;
  const environment = {
    [ENVIRONMENT.collectorQueue]: queue.queueUrl,
    [ENVIRONMENT.collectorDeadLetterQueue]: deadLetterQueue.queueUrl,
  };
  const collector = createNodeFunction(scope, 'Collector', {
    ...props,
    description: 'Gathers single requests into batches',
    timeout: TIMEOUT,
    memorySize: 1024,
    code: bundleCode('handler', settingsText),
    handler: 'collector.handler',
    environment: { ...environmentOf(resources, service), ...environment },
  });
  grantCollector(collector, queues, resources);
  collector.addEventSource(
    new SqsEventSource(queue, {
      reportBatchItemFailures: true,
      batchSize: MAX_MESSAGES,
      maxBatchingWindow,
      maxConcurrency: MAX_CONCURRENCY,
    }),
  );
  for (const [name, value] of Object.entries(environment)) sweeper.addEnvironment(name, value);
  allow([sweeper], ['sqs:SendMessage'], [queue.queueArn]);
  return {
    queues,
    function: collector,
    grantSend: (grantee) => grantSend(grantee, queue, resources),
    grantFind: (grantee) => grantFind(grantee, resources),
  };
}
