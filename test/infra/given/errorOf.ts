import { Duration, type Stack } from 'aws-cdk-lib';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { ConfigurationError } from '../../../infra/configurationError.ts';
import { newApp, newHandler, newStack } from '../../support/handlerStack.ts';

export const HERE = { account: '111111111111', region: 'eu-west-1' };
/** What Lambda needs of the batch queue. */
export const VISIBILITY = { visibilityTimeout: Duration.minutes(6) };

/** Props of a handler. */
export type Given = Parameters<typeof newHandler>[1];

export function queueIn(stack: Stack, props: sqs.QueueProps = VISIBILITY): sqs.Queue {
  const dead = new sqs.Queue(stack, 'Dead');
  const deadLetterQueue = { queue: dead, maxReceiveCount: 5 };
  return new sqs.Queue(stack, 'Given', { deadLetterQueue, ...props });
}

/** What a handler with these props throws, in a stack of a known place. */
export function errorOf(props: (stack: Stack) => Given): string {
  const stack = newStack(newApp(), 'Test', { env: HERE });
  try {
    newHandler(stack, props(stack));
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return 'no error';
}
