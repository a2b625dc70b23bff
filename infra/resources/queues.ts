import { Duration } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from '../acknowledgements.ts';

/** Receives of a message before SQS moves it to the dead-letter queue. */
const MAX_RECEIVE_COUNT = 5;
/** SQS's maximum: a message waits out the longest outage that SQS allows. */
const MESSAGE_RETENTION = Duration.days(14);
/** AWS's advice: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
export const VISIBILITY_PER_TIMEOUT = 6;

/** A queue and its dead-letter queue. */
export interface QueuePair {
  readonly queue: sqs.IQueue;
  readonly deadLetterQueue: sqs.IQueue;
}

/** The queues of a handler, some of which a user's code may replace. */
export interface HandlerQueues {
  readonly intake: QueuePair | undefined;
  readonly worker: QueuePair | undefined;
  readonly outcome: QueuePair;
}

/** The handler's queues, by the function that consumes each. */
export interface Queues {
  /** Users add batches here, and requeued batches return through it. */
  readonly intake: QueuePair;
  /** The sweeper and the intake send work to the worker. */
  readonly worker: QueuePair;
  /** Lambda reports how each invocation of the processor ended. */
  readonly outcome: QueuePair;
}

interface QueueOptions {
  /** The prop `encryptionKey`. Default: SQS's own keys. */
  readonly key: kms.IKey | undefined;
  /** Whether a user's code replaces the queues that the handler sends to. */
  readonly isReplaced: boolean;
  /** The batch queue, if the handler does not create it. */
  readonly given: QueuePair | undefined;
}

/**
 * @param consumers the function of each queue, whose timeout sets the visibility timeout
 */
export function createQueues(
  scope: Construct,
  consumers: Readonly<Record<keyof Queues, { readonly timeout: Duration }>>,
  { key, isReplaced, given }: QueueOptions,
): HandlerQueues {
  const create = (name: string, { timeout }: { readonly timeout: Duration }) =>
    isReplaced ? undefined : createQueuePair(scope, name, timeout, key);
  return {
    intake: given ?? create('Batch', consumers.intake),
    worker: create('Work', consumers.worker),
    outcome: createQueuePair(scope, 'Outcome', consumers.outcome.timeout, key),
  };
}

/**
 * @param consumerTimeout the timeout of the function that consumes the queue
 * @param key the prop `encryptionKey`. Default: SQS's own keys
 */
export function createQueuePair(
  scope: Construct,
  name: string,
  consumerTimeout: Duration,
  key: kms.IKey | undefined,
): QueuePair {
  const common = {
    ...(key
      ? { encryption: sqs.QueueEncryption.KMS, encryptionMasterKey: key }
      : { encryption: sqs.QueueEncryption.SQS_MANAGED }),
    enforceSSL: true,
    retentionPeriod: MESSAGE_RETENTION,
  };
  const deadLetterQueue = new sqs.Queue(scope, `${name}DeadLetterQueue`, common);
  acknowledge(deadLetterQueue, 'AwsSolutions-SQS3', 'This is itself a dead-letter queue.');
  const queue = new sqs.Queue(scope, `${name}Queue`, {
    ...common,
    visibilityTimeout: Duration.seconds(consumerTimeout.toSeconds() * VISIBILITY_PER_TIMEOUT),
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: MAX_RECEIVE_COUNT },
  });
  return { queue, deadLetterQueue };
}
