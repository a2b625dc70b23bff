import type { Duration } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledgeWildcard } from './acknowledgements.ts';
import { PREFIX, REJECTION_SUFFIX, wholeDays } from './bucket.ts';
import type { FunctionName } from './functionSpecs.ts';
import { allow, allowObjects, type Resources } from './permissions.ts';

/**
 * Has S3 tell the batch queue of each batch file under `inbox/`, and lets the functions read it and
 * say beside it why it was refused. A rejection's name is no batch file's, so that it starts nothing.
 *
 * @param keep how long after a file was put its batch may still need it
 */
export function createInbox(
  scope: Construct,
  { intake, worker }: Readonly<Record<FunctionName, lambda.Function>>,
  { bucket, queues }: Resources,
  keep: Duration,
): void {
  // `eventBridgeEnabled` would do so with a function of CDK's own.
  (bucket.node.defaultChild as s3.CfnBucket).notificationConfiguration = {
    eventBridgeConfiguration: { eventBridgeEnabled: true },
  };
  bucket.addLifecycleRule({ id: 'inbox', prefix: PREFIX.inbox, expiration: wholeDays(keep) });
  // S3 tells the default bus, whichever one the handler announces on.
  new events.Rule(scope, 'InboxFilePut', {
    description: 'A batch file was put into the inbox: it becomes a batch',
    eventPattern: {
      source: ['aws.s3'],
      detailType: ['Object Created'],
      detail: {
        bucket: { name: [bucket.bucketName] },
        object: { key: [{ wildcard: `${PREFIX.inbox}*.jsonl` }] },
      },
    },
    targets: [
      new SqsQueue(queues.intake.queue, {
        message: events.RuleTargetInput.fromObject({
          action: 'inbox',
          key: events.EventField.fromPath('$.detail.object.key'),
          etag: events.EventField.fromPath('$.detail.object.etag'),
        }),
      }),
    ],
  });
  const rejections = bucket.arnForObjects(`${PREFIX.inbox}*${REJECTION_SUFFIX}`);
  for (const each of [intake, worker]) {
    allowObjects(each, bucket, PREFIX.inbox, ['s3:GetObject']);
    allow([each], ['s3:PutObject'], [rejections]);
    if (each.role)
      acknowledgeWildcard(each.role, rejections, 'Users choose the names of their files.');
  }
}
