import { Annotations, ArnFormat, Resource, Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgements.ts';
import { allow, allowObjects } from './allow.ts';
import { REJECTION_SUFFIX } from './bucket.ts';
import type { HandlerFunctions, HandlerResources } from './functions.ts';
import { ownedBucket, ownedQueues } from './replaced.ts';

/**
 * Sends a message to the batch queue for each `.jsonl` file under `inbox/`, and allows the functions to
 * read the file and to write why it was refused beside it. The name of a rejection does not end in
 * `.jsonl`, so a rejection triggers nothing.
 */
export function createInbox(
  scope: Construct,
  { intake, worker }: HandlerFunctions,
  resources: HandlerResources,
): void {
  const { prefixes } = resources;
  const bucket = ownedBucket(resources);
  const { intake: batchQueue } = ownedQueues(resources);
  // S3 publishes to the default bus only, whichever bus the handler uses.
  new events.Rule(scope, 'InboxFilePut', {
    description: 'Adds each file that is put into the inbox as a batch',
    eventPattern: {
      source: ['aws.s3'],
      detailType: ['Object Created'],
      detail: {
        bucket: { name: [bucket.bucketName] },
        object: { key: [{ wildcard: `${prefixes.inbox}*.jsonl` }] },
      },
    },
    targets: [
      queueTarget(
        scope,
        batchQueue.queue,
        events.RuleTargetInput.fromObject({
          action: 'inbox',
          key: events.EventField.fromPath('$.detail.object.key'),
          etag: events.EventField.fromPath('$.detail.object.etag'),
        }),
      ),
    ],
  });
  const rejections = bucket.arnForObjects(`${prefixes.inbox}*${REJECTION_SUFFIX}`);
  for (const each of [intake, worker]) {
    allowObjects(each, bucket, prefixes.inbox, ['s3:GetObject']);
    allow([each], ['s3:PutObject'], [rejections]);
    if (each.role)
      acknowledgeWildcard(each.role, rejections, 'Users choose the names of their files.');
  }
}

/**
 * Sends to the batch queue. The policy of a queue of another stack must not refer to the rule, which
 * refers to the queue; and `allowEvents` says what a key has to allow.
 */
function queueTarget(
  scope: Construct,
  queue: sqs.IQueue,
  message: events.RuleTargetInput,
): events.IRuleTarget {
  const stack = Stack.of(scope);
  const isOwn = Resource.isOwnedResource(queue) && Stack.of(queue) === stack;
  if (isOwn && !queue.encryptionMasterKey) return new SqsQueue(queue, { message });
  const arnFormat = ArnFormat.SLASH_RESOURCE_NAME;
  const rules = { service: 'events', resource: 'rule', resourceName: '*', arnFormat };
  const { statementAdded } = queue.addToResourcePolicy(
    new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal('events.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: { ArnLike: { 'aws:SourceArn': stack.formatArn(rules) } },
    }),
  );
  if (!statementAdded)
    Annotations.of(scope).addInfoV2(
      'batch-handler:queuePolicy',
      `The policy of the queue ${queue.queueName} is not managed by this app: for the inbox, let events.amazonaws.com send to it (sqs:SendMessage).`,
    );
  return { bind: () => ({ arn: queue.queueArn, input: message, targetResource: queue }) };
}
