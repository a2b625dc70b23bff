import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { TABLE } from '../shared/config.ts';
import { PREFIX } from './bucket.ts';
import { allow, allowObjects, type Resources } from './permissions.ts';
import type { QueuePair } from './queues.ts';
import { allowItems, leadingKeys } from './tableItems.ts';

/** What the collector may do, apart from reading its queue: it touches no batch, and calls no provider. */
export function grantCollector(
  collector: lambda.Function,
  { deadLetterQueue }: QueuePair,
  { table, bucket, queues }: Resources,
): void {
  // Whether a batch exists, its own lanes, and which batch each request is in.
  allowItems(collector, ['dynamodb:GetItem'], table, ['batch#', 'collector#']);
  allowItems(collector, ['dynamodb:PutItem'], table, ['collector#']);
  allowItems(collector, ['dynamodb:UpdateItem'], table, [TABLE.requestPrefix]);
  const write = ['s3:PutObject', 's3:AbortMultipartUpload'];
  allowObjects(collector, bucket, PREFIX.collector, ['s3:GetObject', ...write]);
  allowObjects(collector, bucket, PREFIX.collected, write);
  allowObjects(collector, bucket, PREFIX.messages, ['s3:GetObject', ...write]);
  const { queueArn } = queues.intake.queue;
  allow([collector], ['sqs:SendMessage'], [queueArn, deadLetterQueue.queueArn]);
}

/** Single requests: as messages, or as an object that a message points to. */
export function grantSend(
  grantee: iam.IGrantable,
  queue: sqs.Queue,
  { bucket }: Resources,
): iam.Grant {
  const resource = queue;
  return iam.Grant.addToPrincipalOrResource({
    ...{ grantee, resource, actions: ['sqs:SendMessage'], resourceArns: [queue.queueArn] },
  }).combine(
    iam.Grant.addToPrincipalOrResource({
      ...{ grantee, resource: bucket, actions: ['s3:PutObject'] },
      resourceArns: [bucket.arnForObjects(`${PREFIX.messages}*`)],
    }),
  );
}

/** Which batch a request is in. */
export function grantFind(grantee: iam.IGrantable, { table }: Resources): iam.Grant {
  return iam.Grant.addToPrincipal({
    grantee,
    actions: ['dynamodb:GetItem'],
    resourceArns: [table.tableArn],
    conditions: leadingKeys([TABLE.requestPrefix]),
  });
}
