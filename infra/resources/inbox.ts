import type { Duration } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgements.ts';
import { PREFIX, REJECTION_SUFFIX, toWholeDays } from './bucket.ts';
import type { HandlerFunctions, HandlerResources } from './functions.ts';
import { allow, allowObjects } from './permissions.ts';
import { ownedBucket, ownedQueues } from './replaced.ts';

/**
 * Sends a message to the batch queue for each `.jsonl` file under `inbox/`, and allows the functions to
 * read the file and to write why it was refused beside it. The name of a rejection does not end in
 * `.jsonl`, so a rejection triggers nothing.
 *
 * @param objectAge how long after a file was put its batch may still need it
 */
export function createInbox(
  scope: Construct,
  { intake, worker }: HandlerFunctions,
  resources: HandlerResources,
  objectAge: Duration,
): void {
  const bucket = ownedBucket(resources);
  const { intake: batchQueue } = ownedQueues(resources);
  // The prop `eventBridgeEnabled` would add a custom resource with a function of CDK's own.
  (bucket.node.defaultChild as s3.CfnBucket).notificationConfiguration = {
    eventBridgeConfiguration: { eventBridgeEnabled: true },
  };
  const expiration = toWholeDays(objectAge);
  bucket.addLifecycleRule({ id: 'inbox', prefix: PREFIX.inbox, expiration });
  // S3 publishes to the default bus only, whichever bus the handler uses.
  new events.Rule(scope, 'InboxFilePut', {
    description: 'Adds each file that is put into the inbox as a batch',
    eventPattern: {
      source: ['aws.s3'],
      detailType: ['Object Created'],
      detail: {
        bucket: { name: [bucket.bucketName] },
        object: { key: [{ wildcard: `${PREFIX.inbox}*.jsonl` }] },
      },
    },
    targets: [
      new SqsQueue(batchQueue.queue, {
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
