import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { TABLE } from '../shared/config.ts';
import { acknowledgeWildcard } from './acknowledgements.ts';
import { PREFIX } from './bucket.ts';
import type { FunctionName } from './functionSpecs.ts';
import type { Queues } from './queues.ts';

/** What the functions of a handler work on. */
export interface Resources {
  readonly table: dynamodb.TableV2;
  readonly bucket: s3.Bucket;
  readonly inputBuckets: readonly (s3.IBucket | s3.Bucket)[];
  readonly queues: Queues;
  readonly processor: lambda.IFunction;
  readonly eventBus: events.IEventBus;
}

/**
 * What each function may do, apart from reading the queue that it consumes and calling providers.
 * Nothing may send to the queue that it consumes: Lambda stops such a loop after some 16 turns.
 */
export function grantPermissions(
  functions: Readonly<Record<FunctionName, lambda.Function>>,
  { table, bucket, inputBuckets, queues, processor, eventBus }: Resources,
): void {
  const { intake, sweeper, worker, outcome } = functions;
  const all = [intake, sweeper, worker, outcome];

  allow(all, ['dynamodb:GetItem', 'dynamodb:PutItem'], [table.tableArn]);
  // The lease of the sweep, and what is due.
  allow([sweeper], ['dynamodb:UpdateItem', 'dynamodb:BatchGetItem'], [table.tableArn]);
  const indexes = [TABLE.dueIndex.name, TABLE.providerIndex.name];
  allow(
    [sweeper],
    ['dynamodb:Query'],
    indexes.map((name) => `${table.tableArn}/index/${name}`),
  );

  const send = ['sqs:SendMessage'];
  allow([intake, sweeper], send, [queues.worker.queue.queueArn]);
  allow([sweeper, worker], send, [queues.intake.queue.queueArn]);
  allow([intake], send, [queues.intake.deadLetterQueue.queueArn]);
  allow([worker], send, [queues.worker.deadLetterQueue.queueArn]);

  allow([intake, sweeper, worker], ['lambda:InvokeFunction'], [processor.functionArn]);
  allow(all, ['events:PutEvents'], [eventBus.eventBusArn]);

  const write = ['s3:PutObject', 's3:AbortMultipartUpload'];
  allowObjects(intake, bucket, PREFIX.uploads, ['s3:GetObject']);
  allowObjects(intake, bucket, PREFIX.messages, write);
  allowObjects(intake, bucket, PREFIX.batches, write);
  allowObjects(worker, bucket, PREFIX.uploads, ['s3:GetObject']);
  allowObjects(worker, bucket, PREFIX.batches, ['s3:GetObject', ...write]);
  for (const source of inputBuckets) {
    for (const reader of [intake, worker]) {
      allowObjects(reader, source, '', ['s3:GetObject']);
      source.encryptionKey?.grantDecrypt(reader);
    }
  }
  // Without it, S3 answers 403 for an object that is not there, as for one that may not be read.
  const buckets = [bucket, ...inputBuckets].map(({ bucketArn }) => bucketArn);
  allow([intake, worker], ['s3:ListBucket'], buckets);
}

export function allow(
  functions: readonly lambda.Function[],
  actions: string[],
  resources: string[],
) {
  for (const each of functions) {
    each.addToRolePolicy(new iam.PolicyStatement({ actions, resources }));
  }
}

export function allowObjects(
  reader: lambda.Function,
  bucket: s3.IBucket | s3.Bucket,
  prefix: string,
  actions: string[],
) {
  const arn = bucket.arnForObjects(`${prefix}*`);
  allow([reader], actions, [arn]);
  if (reader.role) {
    acknowledgeWildcard(
      reader.role,
      arn,
      'The keys hold ids that users choose: only the prefix is known.',
    );
  }
}
