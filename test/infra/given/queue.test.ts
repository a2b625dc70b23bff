import type { Stack } from 'aws-cdk-lib';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import type { GivenQueue } from '../../../infra/given/queue.ts';
import { errorOf, queueIn, VISIBILITY } from './errorOf.ts';

describe('a queue that does not fit', () => {
  const imported = (stack: Stack, name = 'mine', region = 'eu-west-1') =>
    sqs.Queue.fromQueueArn(stack, name, `arn:aws:sqs:${region}:111111111111:${name}`);

  it.each<[string, (stack: Stack) => GivenQueue, string]>([
    [
      'no dead-letter queue',
      (stack) => new sqs.Queue(stack, 'Given', VISIBILITY),
      'has no dead-letter queue',
    ],
    [
      'an imported queue alone',
      (stack) => imported(stack),
      'give queue: { queue, deadLetterQueue }',
    ],
    [
      'a short visibility timeout',
      (stack) => queueIn(stack, {}),
      'hides a message for 30 seconds, and Lambda needs 360',
    ],
    [
      'a FIFO queue',
      (stack) => ({
        queue: imported(stack, 'mine.fifo'),
        deadLetterQueue: imported(stack, 'dead'),
      }),
      'is a FIFO queue',
    ],
    [
      'a FIFO dead-letter queue',
      (stack) => ({ queue: imported(stack), deadLetterQueue: imported(stack, 'dead.fifo') }),
      'queue.deadLetterQueue: Test/dead.fifo is a FIFO queue',
    ],
    [
      'another region',
      (stack) => ({
        queue: imported(stack, 'mine', 'us-east-1'),
        deadLetterQueue: imported(stack, 'dead'),
      }),
      'is in region us-east-1',
    ],
    [
      'another dead-letter queue',
      (stack) => ({ queue: queueIn(stack), deadLetterQueue: imported(stack, 'dead') }),
      'but the dead-letter queue of Test/Given is Test/Dead',
    ],
  ])('%s', (_what, queue, problem) => {
    expect(errorOf((stack) => ({ queue: queue(stack) }))).toContain(problem);
  });

  it('is encrypted by a key that EventBridge cannot use, with the inbox', () => {
    const props = { ...VISIBILITY, encryption: sqs.QueueEncryption.KMS_MANAGED };

    expect(errorOf((stack) => ({ queue: queueIn(stack, props), inbox: true }))).toContain(
      'encrypted by alias/aws/sqs, and with inbox EventBridge sends to it',
    );
    expect(errorOf((stack) => ({ queue: queueIn(stack, props) }))).toBe('no error');
  });
});
