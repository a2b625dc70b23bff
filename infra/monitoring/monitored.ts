import type { Duration } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Collector } from '../collector.ts';
import type { FunctionName } from '../functionSpecs.ts';
import type { HandlerMetrics } from '../handlerMetrics.ts';
import type { LlmProvider } from '../llmProvider.ts';
import type { Queues } from '../queues.ts';

/** What alarms, dashboard and queries are about. */
export interface Monitored {
  readonly handler: HandlerMetrics;
  readonly functions: Readonly<Record<FunctionName, lambda.Function>>;
  readonly queues: Queues;
  readonly collector: Collector | undefined;
  /** Takes webhooks, where an entry has them. */
  readonly webhook: lambda.Function | undefined;
  /** By the names of their entries. */
  readonly providers: Readonly<Record<string, LlmProvider>>;
  /** Between two sweeps. */
  readonly interval: Duration;
}

/** All of the handler's functions. */
export function functionsOf({
  functions,
  collector,
  webhook,
}: Monitored): Readonly<Record<string, lambda.Function>> {
  return {
    ...functions,
    ...(collector ? { collector: collector.function } : {}),
    ...(webhook ? { webhook } : {}),
  };
}

/** Where its dead letters are, by what sent them there. */
export function deadLetterQueuesOf({ queues, collector }: Monitored) {
  const pairs = { batch: queues.intake, work: queues.worker, outcome: queues.outcome };
  return Object.entries({ ...pairs, ...(collector ? { collector: collector.queues } : {}) }).map(
    ([name, { deadLetterQueue }]) => ({ name, queue: deadLetterQueue }),
  );
}
