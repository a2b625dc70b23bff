import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ENVIRONMENT, TABLE } from '../../shared/config.ts';
import type { CollectorSettingsInput } from '../../shared/settings.ts';
import { ConfigurationError } from '../configurationError.ts';
import { allowItems, allowObjects, allowSend, leadingKeys } from './allow.ts';
import { consume } from './consume.ts';
import {
  createNodeFunction,
  environmentOf,
  type FunctionsProps,
  type HandlerResources,
} from './functions.ts';
import { createQueuePair, type QueuePair } from './queues.ts';
import { ownedTable } from './replaced.ts';
import { grantKey, grantObjects, grantSend } from './userGrants.ts';

/** Joins a window of 100,000 requests with time to spare. */
const COLLECTOR_TIMEOUT = Duration.minutes(5);
/** How long Lambda waits for more messages. Each invocation costs one S3 object and one table write. */
const MAX_BATCHING_SECONDS = 20;
/** Lambda's maximum, or 6 MB: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const MAX_MESSAGES = 10_000;
/** All invocations write the same item: beyond this many, lost races cost more than concurrency gains. */
const MAX_CONCURRENCY = 5;

/** Collects single requests into batches. */
export interface Collector {
  /** The queue of single requests, and the dead-letter queue of refused ones. */
  readonly queues: QueuePair;
  readonly function: lambda.Function;
  /** Allows sending requests. */
  grantSend(grantee: iam.IGrantable): iam.Grant;
  /** Allows finding the batch of a request by the request's `custom_id`. */
  grantFind(grantee: iam.IGrantable): iam.Grant;
}

interface CollectorProps {
  readonly settings: CollectorSettingsInput;
  /** The names of all provider entries. */
  readonly entries: readonly string[];
  /** Sends the collector a message when a window is due. */
  readonly sweeper: lambda.Function;
}

/** @throws ConfigurationError if `settings.provider` names no entry */
export function createCollector(
  scope: Construct,
  { resources, service, source, ...props }: FunctionsProps,
  { settings, entries, sweeper }: CollectorProps,
): Collector {
  const { provider, maxAgeSeconds = MAX_BATCHING_SECONDS } = settings;
  if (provider !== undefined && !entries.includes(provider)) {
    throw new ConfigurationError(
      `collector.provider is ${provider}, which is no entry of providers: use one of ${entries.join(', ')}`,
    );
  }
  const maxBatchingWindow = Duration.seconds(Math.min(MAX_BATCHING_SECONDS, maxAgeSeconds));
  const queues = createQueuePair(
    scope,
    'Collector',
    COLLECTOR_TIMEOUT.plus(maxBatchingWindow),
    props.encryptionKey,
  );
  const { queue, deadLetterQueue } = queues;
  const environment = {
    [ENVIRONMENT.collectorQueue]: queue.queueUrl,
    [ENVIRONMENT.collectorDeadLetterQueue]: deadLetterQueue.queueUrl,
  };
  const collector = createNodeFunction(scope, 'Collector', {
    ...props,
    description: 'Consumes the collector queue: collects single requests into batches',
    timeout: COLLECTOR_TIMEOUT,
    memorySize: 1024,
    code: source.code,
    handler: source.handlerOf('collector'),
    environment: { ...environmentOf(resources, service, source), ...environment },
  });
  grantCollecting(collector, queues, resources);
  consume(collector, queue, {
    batchSize: MAX_MESSAGES,
    maxBatchingWindow,
    maxConcurrency: MAX_CONCURRENCY,
  });
  for (const [name, value] of Object.entries(environment)) sweeper.addEnvironment(name, value);
  allowSend([sweeper], queue);
  return {
    queues,
    function: collector,
    grantSend: (grantee) => {
      // A request that is too large for a message is an object that the message points to.
      const { bucket, prefixes } = resources;
      const send = grantSend(scope, grantee, queue);
      if (!bucket) return send;
      const bodies = `${prefixes.messages}*`;
      return send.combine(grantObjects(scope, grantee, bucket, bodies, ['s3:PutObject']));
    },
    grantFind: (grantee) => {
      const { tableArn, encryptionKey } = ownedTable(resources);
      const actions = ['dynamodb:GetItem'];
      const conditions = leadingKeys([TABLE.requestPrefix]);
      const found = { grantee, actions, resourceArns: [tableArn], conditions };
      return grantKey(scope, grantee, encryptionKey, actions).reduce(
        (sum, each) => sum.combine(each),
        iam.Grant.addToPrincipal(found),
      );
    },
  };
}

/** Grants the collector what it needs, except to consume its queue. It writes no batch and calls no provider. */
function grantCollecting(
  collector: lambda.Function,
  { deadLetterQueue }: QueuePair,
  { table, bucket, prefixes, queues }: HandlerResources,
): void {
  // It reads whether a batch exists, writes its own lanes, and records the batch of each request.
  const own = ['collector#', TABLE.requestPrefix];
  allowItems(collector, ['dynamodb:GetItem'], table, ['batch#', ...own]);
  allowItems(collector, ['dynamodb:PutItem'], table, own);
  const write = ['s3:PutObject', 's3:AbortMultipartUpload'];
  allowObjects(collector, bucket, prefixes.collector, ['s3:GetObject', ...write]);
  allowObjects(collector, bucket, prefixes.collected, write);
  allowObjects(collector, bucket, prefixes.messages, ['s3:GetObject', ...write]);
  allowSend([collector], queues.intake?.queue);
  allowSend([collector], deadLetterQueue);
}
