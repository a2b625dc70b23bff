import { Names } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { allow } from './allow.ts';

/** What CDK's `SqsEventSource` grants: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const CONSUME = [
  'sqs:ReceiveMessage',
  'sqs:ChangeMessageVisibility',
  'sqs:GetQueueUrl',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
];

/**
 * Lets a function consume a queue. CDK's `SqsEventSource` would allow it to use the queue's key for
 * everything else, too.
 */
export function consume(
  consumer: lambda.Function,
  queue: sqs.IQueue,
  options: lambda.EventSourceMappingOptions = {},
): void {
  // The id is that of `SqsEventSource`: Lambda refuses a second mapping, so that it has to stay.
  consumer.addEventSourceMapping(`SqsEventSource:${Names.nodeUniqueId(queue.node)}`, {
    eventSourceArn: queue.queueArn,
    reportBatchItemFailures: true,
    ...options,
  });
  allow([consumer], CONSUME, [queue.queueArn], queue.encryptionMasterKey);
}
