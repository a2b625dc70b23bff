import type { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import type { GivenQueue } from '../../../infra/given/queue.ts';
import { newApp, newHandler, newStack, resourceOf } from '../../support/handlerStack.ts';
import { errorOf, HERE, queueIn, VISIBILITY } from './errorOf.ts';

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

describe('a queue with a key of its own', () => {
  const text = (inbox: boolean) => {
    const stack = newStack(newApp(), 'Test', { env: HERE });
    const encryptionMasterKey = new kms.Key(stack, 'Key');
    newHandler(stack, { queue: queueIn(stack, { ...VISIBILITY, encryptionMasterKey }), inbox });
    const template = Template.fromStack(stack);
    const keyText = JSON.stringify(resourceOf(template, 'AWS::KMS::Key', 'Key').Properties);
    const intake = resourceOf(template, 'AWS::IAM::Policy', 'BatchesIntakeRole');
    return { keyText, intakeText: JSON.stringify(intake.Properties) };
  };

  it('lets EventBridge use the key for the inbox, and nobody without one', () => {
    expect(text(true).keyText).toContain('events.amazonaws.com');
    expect(text(false).keyText).not.toContain('amazonaws.com');
  });

  it('lets the consumer decrypt its messages', () => {
    expect(text(false).intakeText).toContain('"kms:ViaService":"sqs.eu-west-1.amazonaws.com"');
  });
});
