import { Stack } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { TABLE } from '../shared/config.ts';
import { PREFIX } from './bucket.ts';

/** What somebody works with who uses a handler from outside. */
export interface Shared {
  readonly table: dynamodb.TableV2;
  readonly bucket: s3.Bucket;
  readonly queue: sqs.Queue;
  readonly deadLetterQueue: sqs.Queue;
}

/** Files into `uploads/*`, messages into the queue. */
export function grantAdd(grantee: iam.IGrantable, { queue, bucket }: Shared): iam.Grant {
  return grant(grantee, ['sqs:SendMessage'], queue.queueArn, queue).combine(
    grant(grantee, ['s3:PutObject'], bucket.arnForObjects(`${PREFIX.uploads}*`), bucket),
  );
}

/** How batches stand, and their rows. */
export function grantRead(grantee: iam.IGrantable, { table, bucket }: Shared): iam.Grant {
  const stack = Stack.of(table);
  // CloudFormation ends the ARN of a stack in an id that it makes.
  const stackArn = stack.formatArn({
    service: 'cloudformation',
    resource: 'stack',
    resourceName: `${stack.stackName}/*`,
  });
  const find = ['cloudformation:GetTemplateSummary', 'cloudformation:ListStackResources'];
  const read = ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Scan'];
  return grant(grantee, find, stackArn)
    .combine(grant(grantee, read, table.tableArn))
    .combine(grant(grantee, ['dynamodb:Query'], `${table.tableArn}/index/${TABLE.dueIndex.name}`))
    .combine(grant(grantee, ['s3:GetObject'], bucket.arnForObjects(`${PREFIX.batches}*`), bucket));
}

/** All that the client library and the command line do with batches. */
export function grantClient(grantee: iam.IGrantable, shared: Shared): iam.Grant {
  const { bucket, deadLetterQueue } = shared;
  const uploads = bucket.arnForObjects(`${PREFIX.uploads}*`);
  return grantAdd(grantee, shared)
    .combine(grantRead(grantee, shared))
    .combine(grant(grantee, ['s3:AbortMultipartUpload'], uploads, bucket))
    .combine(grant(grantee, ['sqs:ReceiveMessage'], deadLetterQueue.queueArn, deadLetterQueue));
}

/** @param resource with a policy of its own, for a grantee of another account */
function grant(
  grantee: iam.IGrantable,
  actions: string[],
  resourceArn: string,
  resource?: s3.Bucket | sqs.Queue,
): iam.Grant {
  const props = { grantee, actions, resourceArns: [resourceArn] };
  return resource === undefined
    ? iam.Grant.addToPrincipal(props)
    : iam.Grant.addToPrincipalOrResource({ ...props, resource });
}
