import { Stack } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { TABLE } from '../../shared/config.ts';
import { isNamedByOutputs } from '../logicalIds.ts';
import { leadingKeys } from './allow.ts';
import { keyAccess } from './encryption.ts';
import type { HandlerResources } from './functions.ts';
import { RECORD_KEYS, SWEEP_LOCK_KEYS, TENANT_KEYS } from './permissions.ts';

/** The resources that users of a handler are granted. */
type UserResources = Pick<HandlerResources, 'table' | 'bucket' | 'prefixes' | 'queues'>;

/** Allows uploads to `uploads/*` and messages to the batch queue, unless a user's code replaces them. */
export function grantAdd(
  grantee: iam.IGrantable,
  handler: Construct,
  { bucket, prefixes, queues }: UserResources,
): iam.Grant {
  const queue = queues.intake?.queue;
  const uploads = `${prefixes.uploads}*`;
  return combined(grantee, [
    queue && grantSend(handler, grantee, queue),
    bucket && grantObjects(handler, grantee, bucket, uploads, ['s3:PutObject']),
  ]);
}

/** Allows reading batches and their rows, unless a user's code replaces the table or the bucket. */
export function grantRead(
  grantee: iam.IGrantable,
  handler: Construct,
  resources: UserResources,
): iam.Grant {
  const { table, bucket, prefixes } = resources;
  return combined(grantee, [
    findHandler(grantee, handler, resources),
    ...(table ? grantTable(handler, grantee, table) : []),
    bucket && grantObjects(handler, grantee, bucket, `${prefixes.batches}*`, ['s3:GetObject']),
  ]);
}

/** Allows finding the handler by the name of its stack. */
export function findHandler(
  grantee: iam.IGrantable,
  handler: Construct,
  resources: UserResources,
): iam.Grant {
  const stack = Stack.of(handler);
  // The ARN of a stack ends in an id that CloudFormation generates.
  const stackArn = stack.formatArn({
    service: 'cloudformation',
    resource: 'stack',
    resourceName: `${stack.stackName}/*`,
  });
  const find = ['cloudformation:GetTemplateSummary', 'cloudformation:ListStackResources'];
  if (isNamedByOutputs(handler, resources)) find.push('cloudformation:DescribeStacks');
  return grant(grantee, find, stackArn);
}

function grantTable(
  handler: Construct,
  grantee: iam.IGrantable,
  { tableArn, encryptionKey }: dynamodb.ITable,
): readonly iam.Grant[] {
  const read = ['dynamodb:GetItem', 'dynamodb:BatchGetItem'];
  const indexes = [TABLE.dueIndex, TABLE.providerIndex, TABLE.createdIndex];
  return [
    iam.Grant.addToPrincipal({
      grantee,
      actions: read,
      resourceArns: [tableArn],
      conditions: leadingKeys([...RECORD_KEYS, TENANT_KEYS, SWEEP_LOCK_KEYS]),
    }),
    // A scan names no keys.
    grant(grantee, ['dynamodb:Scan'], tableArn),
    ...indexes.map(({ name }) => grant(grantee, ['dynamodb:Query'], `${tableArn}/index/${name}`)),
    ...grantKey(handler, grantee, encryptionKey, read),
  ];
}

/** Allows everything that the client library and the command line do. */
export function grantClient(
  grantee: iam.IGrantable,
  handler: Construct,
  resources: UserResources,
): iam.Grant {
  const { bucket, prefixes, queues } = resources;
  const deadLetters = queues.intake?.deadLetterQueue;
  const receive = ['sqs:ReceiveMessage'];
  const abort = ['s3:AbortMultipartUpload'];
  return combined(grantee, [
    grantAdd(grantee, handler, resources),
    grantRead(grantee, handler, resources),
    bucket && grantObjects(handler, grantee, bucket, `${prefixes.uploads}*`, abort),
    deadLetters && grant(grantee, receive, deadLetters.queueArn, deadLetters),
    ...grantKey(handler, grantee, deadLetters?.encryptionMasterKey, receive),
  ]);
}

/** Allows sending to a queue, also one that is encrypted by a key. */
export function grantSend(
  handler: Construct,
  grantee: iam.IGrantable,
  queue: sqs.IQueue,
): iam.Grant {
  const send = ['sqs:SendMessage'];
  return combined(grantee, [
    grant(grantee, send, queue.queueArn, queue),
    ...grantKey(handler, grantee, queue.encryptionMasterKey, send),
  ]);
}

/** Allows actions on objects, also in a bucket that is encrypted by a key. */
export function grantObjects(
  handler: Construct,
  grantee: iam.IGrantable,
  bucket: s3.IBucket,
  keys: string,
  actions: string[],
): iam.Grant {
  return combined(grantee, [
    grant(grantee, actions, bucket.arnForObjects(keys), bucket),
    ...grantKey(handler, grantee, bucket.encryptionKey, actions),
  ]);
}

/** Allows what these actions do with the key of their resource; nothing without a key. */
export function grantKey(
  handler: Construct,
  grantee: iam.IGrantable,
  key: kms.IKey | undefined,
  actions: string[],
): readonly iam.Grant[] {
  const access = keyAccess(handler, key, actions);
  if (key === undefined || access === undefined) return [];
  const { resources: resourceArns, ...statement } = access;
  const resourceSelfArns = ['*'];
  const props = { grantee, ...statement, resourceArns, resourceSelfArns, resource: key };
  return [iam.Grant.addToPrincipalOrResource(props)];
}

export function combined(
  grantee: iam.IGrantable,
  grants: readonly (iam.Grant | undefined)[],
): iam.Grant {
  const [first, ...rest] = grants.filter((each) => each !== undefined);
  if (!first)
    return iam.Grant.drop(grantee, "the handler's runtime replaces what could be granted");
  return rest.reduce((all, each) => all.combine(each), first);
}

/** @param resource the resource whose own policy lets in a grantee of another account */
export function grant(
  grantee: iam.IGrantable,
  actions: string[],
  resourceArn: string,
  resource?: s3.IBucket | sqs.IQueue,
): iam.Grant {
  const props = { grantee, actions, resourceArns: [resourceArn] };
  return resource === undefined
    ? iam.Grant.addToPrincipal(props)
    : iam.Grant.addToPrincipalOrResource({ ...props, resource });
}
