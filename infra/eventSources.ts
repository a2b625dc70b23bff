import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { FunctionName } from './functionSpecs.ts';
import type { Queues } from './queues.ts';

/** @param maxConcurrency how many workers may run at the same time */
export function connectQueues(
  { intake, worker, outcome }: Readonly<Record<FunctionName, lambda.Function>>,
  queues: Queues,
  maxConcurrency: number,
): void {
  const reportBatchItemFailures = true;
  intake.addEventSource(new SqsEventSource(queues.intake.queue, { reportBatchItemFailures }));
  outcome.addEventSource(new SqsEventSource(queues.outcome.queue, { reportBatchItemFailures }));
  worker.addEventSource(
    new SqsEventSource(queues.worker.queue, {
      reportBatchItemFailures,
      batchSize: 1,
      // Not reserved concurrency: a new account has none to reserve, and would fail to deploy.
      maxConcurrency,
    }),
  );
}
