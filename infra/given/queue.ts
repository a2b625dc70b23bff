import { type Duration, Resource, Stack } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { ConfigurationError } from '../configurationError.ts';
import { checkSameKey } from '../resources/encryption.ts';
import { type QueuePair, VISIBILITY_PER_TIMEOUT } from '../resources/queues.ts';
import { checkPlace } from './place.ts';

/** Under `exactOptionalPropertyTypes` the class does not implement its interface. */
type AnyQueue = sqs.IQueue | sqs.Queue;

/** A batch queue that the handler did not create, with its dead-letter queue. */
export interface GivenQueuePair {
  /** The queue that users send to. */
  readonly queue: AnyQueue;
  /** The dead-letter queue in its redrive policy. */
  readonly deadLetterQueue: AnyQueue;
}

export type GivenQueue = AnyQueue | GivenQueuePair;

/** What the handler does with its batch queue. */
interface QueueUse {
  /** The timeout of the function that consumes it. */
  readonly consumerTimeout: Duration;
  /** The prop `encryptionKey`. */
  readonly key: kms.IKey | undefined;
  /** Whether EventBridge sends to it, too. */
  readonly receivesEvents: boolean;
}

/**
 * Checks the prop `queue`.
 *
 * @returns the queues, with the key by which they are encrypted as far as that is known
 * @throws ConfigurationError for a queue that the handler could not work with
 */
export function takeQueue(scope: Construct, given: GivenQueue, use: QueueUse): QueuePair {
  const pair = pairOf(given);
  for (const [name, queue] of [
    ['queue:', pair.queue],
    ['queue.deadLetterQueue:', pair.deadLetterQueue],
  ] as const) {
    checkPlace(scope, queue, name, (what) => `Lambda consumes only queues of its own ${what}`);
    if (queue.fifo)
      throw new ConfigurationError(
        `${name} ${queue.node.path} is a FIFO queue, and the handler sends with delays, which FIFO queues do not take: use a standard queue`,
      );
    checkSameKey(name, 'queue', queue, { key: use.key, own: queue.encryptionMasterKey });
  }
  if (Resource.isOwnedResource(pair.queue)) checkProperties(pair.queue, use);
  return {
    queue: withKey(scope, 'GivenQueue', pair.queue, use.key),
    deadLetterQueue: withKey(scope, 'GivenDeadLetterQueue', pair.deadLetterQueue, use.key),
  };
}

function pairOf(given: GivenQueue): QueuePair {
  const queue = ('queueArn' in given ? given : given.queue) as sqs.IQueue;
  const named = 'queueArn' in given ? undefined : (given.deadLetterQueue as sqs.IQueue);
  const own = queue instanceof sqs.Queue ? queue.deadLetterQueue?.queue : undefined;
  if (Resource.isOwnedResource(queue) && queue instanceof sqs.Queue && own === undefined)
    throw new ConfigurationError(
      `queue ${queue.node.path} has no dead-letter queue, so that a message that fails would be repeated until it expires: give it the prop deadLetterQueue`,
    );
  if (own && named && own.queueArn !== named.queueArn)
    throw new ConfigurationError(
      `queue.deadLetterQueue is ${named.node.path}, but the dead-letter queue of ${queue.node.path} is ${own.node.path}: give that, or only the queue`,
    );
  const deadLetterQueue = named ?? own;
  if (deadLetterQueue !== undefined) return { queue, deadLetterQueue };
  throw new ConfigurationError(
    `queue ${queue.node.path} is imported, and its dead-letter queue is not known: give queue: { queue, deadLetterQueue }`,
  );
}

/** SQS's default: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html */
const DEFAULT_VISIBILITY_SECONDS = 30;

function checkProperties(queue: sqs.IQueue, { consumerTimeout, receivesEvents }: QueueUse): void {
  const resource = queue.node.defaultChild;
  if (!(resource instanceof sqs.CfnQueue)) return;
  const { visibilityTimeout = DEFAULT_VISIBILITY_SECONDS, kmsMasterKeyId } = resource;
  const needed = consumerTimeout.toSeconds() * VISIBILITY_PER_TIMEOUT;
  if (visibilityTimeout < needed)
    throw new ConfigurationError(
      `queue ${queue.node.path} hides a message for ${visibilityTimeout} seconds, and Lambda needs ${needed}, ${VISIBILITY_PER_TIMEOUT} times the timeout of the function: set visibilityTimeout: Duration.seconds(${needed}) or more`,
    );
  const keyId: unknown = Stack.of(queue).resolve(kmsMasterKeyId);
  if (receivesEvents && keyId === 'alias/aws/sqs')
    throw new ConfigurationError(
      `queue ${queue.node.path} is encrypted by alias/aws/sqs, and with inbox EventBridge sends to it, which that key does not allow: use SSE-SQS (QueueEncryption.SQS_MANAGED) or a key of your own`,
    );
}

/** An imported queue does not know its key. */
function withKey(
  scope: Construct,
  id: string,
  queue: sqs.IQueue,
  key: kms.IKey | undefined,
): sqs.IQueue {
  if (key === undefined || queue.encryptionMasterKey || Resource.isOwnedResource(queue))
    return queue;
  const { queueArn, queueUrl } = queue;
  return sqs.Queue.fromQueueAttributes(scope, id, { queueArn, queueUrl, keyArn: key.keyArn });
}
