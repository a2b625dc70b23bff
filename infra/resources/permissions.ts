import type { Stack } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { TABLE } from '../../shared/config.ts';
import { acknowledgeWildcard } from '../acknowledgements.ts';
import { PREFIX } from './bucket.ts';
import type { HandlerFunctions, HandlerResources } from './functions.ts';

/** Why a policy on objects of the bucket holds a wildcard. */
export const USER_KEYS_REASON = 'Users choose the ids in the keys: only the prefix is known.';

/** Prefixes of the keys of batches and of the states of provider entries. */
const RECORD_KEYS = ['batch#', 'provider#'];
const SWEEP_LOCK_KEYS = 'lock#';

/**
 * Grants each function what it needs, except to consume its queue and to call providers.
 * No function may send to the queue that it consumes: Lambda stops such a loop after about 16 turns.
 */
export function grantPermissions(
  { intake, sweeper, worker, outcome }: HandlerFunctions,
  { table, bucket, inputBuckets, queues, processor, eventBus, replaced }: HandlerResources,
): void {
  const all = [intake, sweeper, worker, outcome];

  for (const each of all)
    allowItems(each, ['dynamodb:GetItem', 'dynamodb:PutItem'], table, RECORD_KEYS);
  // The sweeper takes the lease of the sweep and reads the batches that are due.
  allowItems(sweeper, ['dynamodb:GetItem', 'dynamodb:PutItem'], table, [SWEEP_LOCK_KEYS]);
  allowItems(sweeper, ['dynamodb:BatchGetItem'], table, ['batch#']);
  // The intake removes records that cannot be read.
  allowItems(intake, ['dynamodb:DeleteItem'], table, ['batch#']);
  const indexes = [TABLE.dueIndex.name, TABLE.providerIndex.name];
  for (const name of indexes) allowIndex(sweeper, table, name);

  allowSend([intake, sweeper], queues.worker?.queue);
  allowSend([sweeper, worker], queues.intake?.queue);
  allowSend([intake], queues.intake?.deadLetterQueue);
  allowSend([worker], queues.worker?.deadLetterQueue);

  if (!replaced.includes('processor'))
    allow([intake, sweeper, worker], ['lambda:InvokeFunction'], [processor.functionArn]);
  allowPublish(all, eventBus);

  const write = ['s3:PutObject', 's3:AbortMultipartUpload'];
  allowObjects(intake, bucket, PREFIX.uploads, ['s3:GetObject']);
  allowObjects(intake, bucket, PREFIX.messages, write);
  allowObjects(intake, bucket, PREFIX.batches, write);
  allowObjects(worker, bucket, PREFIX.uploads, ['s3:GetObject']);
  allowObjects(worker, bucket, PREFIX.batches, ['s3:GetObject', ...write]);
  for (const inputBucket of inputBuckets) {
    for (const reader of [intake, worker]) {
      allowObjects(reader, inputBucket, '', ['s3:GetObject']);
      inputBucket.encryptionKey?.grantDecrypt(reader);
    }
  }
  // Without ListBucket, S3 answers 403 instead of 404 for an object that does not exist.
  const buckets = [...(bucket ? [bucket] : []), ...inputBuckets].map(({ bucketArn }) => bucketArn);
  if (buckets.length > 0) allow([intake, worker], ['s3:ListBucket'], buckets);
}

/** Allows sending to a queue, unless a user's code replaces it. */
export function allowSend(functions: readonly lambda.Function[], queue: sqs.Queue | undefined) {
  if (queue) allow(functions, ['sqs:SendMessage'], [queue.queueArn]);
}

/** Allows publishing to the event bus, unless a user's code replaces it. */
export function allowPublish(
  functions: readonly lambda.Function[],
  eventBus: events.IEventBus | undefined,
) {
  if (eventBus) allow(functions, ['events:PutEvents'], [eventBus.eventBusArn]);
}

/** Allows reading an index of the table, unless a user's code replaces the table. */
export function allowIndex(
  reader: lambda.Function,
  table: dynamodb.TableV2 | undefined,
  name: string,
) {
  if (table) allow([reader], ['dynamodb:Query'], [`${table.tableArn}/index/${name}`]);
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

/**
 * Allows actions on the bucket's objects whose keys begin with the prefix, unless a user's code
 * replaces the bucket.
 */
export function allowObjects(
  grantee: lambda.Function,
  bucket: s3.IBucket | s3.Bucket | undefined,
  prefix: string,
  actions: string[],
) {
  if (!bucket) return;
  const arn = bucket.arnForObjects(`${prefix}*`);
  allow([grantee], actions, [arn]);
  if (grantee.role) acknowledgeWildcard(grantee.role, arn, USER_KEYS_REASON);
}

/**
 * Allows actions on the table's items whose keys begin with one of the prefixes, unless a user's code
 * replaces the table.
 */
export function allowItems(
  grantee: lambda.Function,
  actions: string[],
  table: dynamodb.TableV2 | undefined,
  prefixes: readonly string[],
): void {
  if (!table) return;
  const resources = [table.tableArn];
  grantee.addToRolePolicy(
    new iam.PolicyStatement({ actions, resources, conditions: leadingKeys(prefixes) }),
  );
}

/**
 * An IAM condition that limits a statement to items whose keys begin with one of the prefixes. Alone,
 * `ForAllValues` is true of a call without any key:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 */
export function leadingKeys(prefixes: readonly string[]) {
  const keys = prefixes.map((prefix) => `${prefix}*`);
  return {
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys },
    Null: { 'dynamodb:LeadingKeys': 'false' },
  };
}

/** The resources that users of a handler are granted. */
type UserResources = Pick<HandlerResources, 'table' | 'bucket' | 'queues'>;

/** Allows uploads to `uploads/*` and messages to the batch queue, unless a user's code replaces them. */
export function grantAdd(grantee: iam.IGrantable, { queues, bucket }: UserResources): iam.Grant {
  const queue = queues.intake?.queue;
  return combined(grantee, [
    queue && grant(grantee, ['sqs:SendMessage'], queue.queueArn, queue),
    bucket && grant(grantee, ['s3:PutObject'], bucket.arnForObjects(`${PREFIX.uploads}*`), bucket),
  ]);
}

/** Allows reading batches and their rows, unless a user's code replaces the table or the bucket. */
export function grantRead(
  grantee: iam.IGrantable,
  { table, bucket }: UserResources,
  stack: Stack,
): iam.Grant {
  // The ARN of a stack ends in an id that CloudFormation generates.
  const stackArn = stack.formatArn({
    service: 'cloudformation',
    resource: 'stack',
    resourceName: `${stack.stackName}/*`,
  });
  const find = ['cloudformation:GetTemplateSummary', 'cloudformation:ListStackResources'];
  return combined(grantee, [
    grant(grantee, find, stackArn),
    ...(table ? grantTable(grantee, table) : []),
    bucket && grant(grantee, ['s3:GetObject'], bucket.arnForObjects(`${PREFIX.batches}*`), bucket),
  ]);
}

function grantTable(grantee: iam.IGrantable, { tableArn }: dynamodb.TableV2): iam.Grant[] {
  const indexes = [TABLE.dueIndex, TABLE.providerIndex, TABLE.createdIndex];
  return [
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:GetItem', 'dynamodb:BatchGetItem'],
      resourceArns: [tableArn],
      conditions: leadingKeys([...RECORD_KEYS, SWEEP_LOCK_KEYS]),
    }),
    // A scan names no keys.
    grant(grantee, ['dynamodb:Scan'], tableArn),
    ...indexes.map(({ name }) => grant(grantee, ['dynamodb:Query'], `${tableArn}/index/${name}`)),
  ];
}

/** Allows everything that the client library and the command line do. */
export function grantClient(
  grantee: iam.IGrantable,
  resources: UserResources,
  stack: Stack,
): iam.Grant {
  const { bucket } = resources;
  const deadLetters = resources.queues.intake?.deadLetterQueue;
  const uploads = bucket?.arnForObjects(`${PREFIX.uploads}*`);
  return combined(grantee, [
    grantAdd(grantee, resources),
    grantRead(grantee, resources, stack),
    uploads === undefined
      ? undefined
      : grant(grantee, ['s3:AbortMultipartUpload'], uploads, bucket),
    deadLetters && grant(grantee, ['sqs:ReceiveMessage'], deadLetters.queueArn, deadLetters),
  ]);
}

function combined(grantee: iam.IGrantable, grants: readonly (iam.Grant | undefined)[]): iam.Grant {
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
  resource?: s3.Bucket | sqs.Queue,
): iam.Grant {
  const props = { grantee, actions, resourceArns: [resourceArn] };
  return resource === undefined
    ? iam.Grant.addToPrincipal(props)
    : iam.Grant.addToPrincipalOrResource({ ...props, resource });
}
