import type { Duration } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import type { LlmProvider } from '../providers/llmProvider.ts';
import type { Api } from '../resources/api.ts';
import type { Collector } from '../resources/collector.ts';
import type { HandlerFunctions } from '../resources/functions.ts';
import type { HandlerQueues } from '../resources/queues.ts';
import type { HandlerMetrics } from './handlerMetrics.ts';

/** What the alarms, the dashboard and the saved queries cover. */
export interface Monitored {
  readonly handler: HandlerMetrics;
  readonly functions: HandlerFunctions;
  readonly queues: HandlerQueues;
  readonly collector: Collector | undefined;
  /** Receives webhooks. Undefined if no entry takes any. */
  readonly webhook: lambda.Function | undefined;
  /** Answers the HTTP API. Undefined without the prop `api`. */
  readonly api: Api | undefined;
  /** By entry name. */
  readonly providers: Readonly<Record<string, LlmProvider>>;
  /** Time between two sweeps. */
  readonly interval: Duration;
  /** How many sweepers share the batches. */
  readonly shards: number;
}

/** All functions of the handler, by name. */
export function functionsOf({
  functions,
  collector,
  webhook,
  api,
}: Monitored): Readonly<Record<string, lambda.Function>> {
  return {
    ...functions,
    ...omitUndefined({ collector: collector?.function, webhook, api: api?.function }),
  };
}

/** All dead-letter queues of the handler, by the name of the queue that they belong to. */
export function deadLetterQueuesOf({
  queues,
  collector,
}: Monitored): Readonly<Record<string, sqs.IQueue>> {
  return omitUndefined({
    batch: queues.intake?.deadLetterQueue,
    work: queues.worker?.deadLetterQueue,
    outcome: queues.outcome.deadLetterQueue,
    collector: collector?.queues.deadLetterQueue,
  });
}
