import { Duration } from 'aws-cdk-lib';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledgements.ts';
import { FUNCTION_SPECS } from './functionSpecs.ts';

/** Deliveries of a message before it is put aside. */
const MAX_RECEIVE_COUNT = 5;
const DEAD_LETTER_RETENTION = Duration.days(14);
/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const VISIBILITY_PER_TIMEOUT = 6;

/** A queue and where its messages go that cannot be handled. */
export interface QueuePair {
  readonly queue: sqs.Queue;
  readonly deadLetterQueue: sqs.Queue;
}

/** The queues of a handler, by the function that consumes each. */
export interface Queues {
  /** Where users add batches; requeued batches come back through it. */
  readonly intake: QueuePair;
  /** From the sweeper and the intake to the worker. */
  readonly worker: QueuePair;
  /** How the invocations of the processor ended. */
  readonly outcome: QueuePair;
}

export function createQueues(scope: Construct): Queues {
  return {
    intake: createPair(scope, 'Batch', FUNCTION_SPECS.intake.timeout),
    worker: createPair(scope, 'Work', FUNCTION_SPECS.worker.timeout),
    outcome: createPair(scope, 'Outcome', FUNCTION_SPECS.outcome.timeout),
  };
}

export function createPair(scope: Construct, name: string, functionTimeout: Duration): QueuePair {
  const secure = { encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true };
  const deadLetterQueue = new sqs.Queue(scope, `${name}DeadLetterQueue`, {
    ...secure,
    retentionPeriod: DEAD_LETTER_RETENTION,
  });
  acknowledge(deadLetterQueue, 'AwsSolutions-SQS3', 'This is itself a dead-letter queue.');
  const queue = new sqs.Queue(scope, `${name}Queue`, {
    ...secure,
    // As long as its dead letters: what an outage holds up is still there when it is over.
    retentionPeriod: DEAD_LETTER_RETENTION,
    visibilityTimeout: Duration.seconds(functionTimeout.toSeconds() * VISIBILITY_PER_TIMEOUT),
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: MAX_RECEIVE_COUNT },
  });
  return { queue, deadLetterQueue };
}
