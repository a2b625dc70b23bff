import { Stack } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
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
  { table, bucket, inputBuckets, queues, processor, eventBus }: HandlerResources,
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
  for (const inputBucket of inputBuckets) {
    for (const reader of [intake, worker]) {
      allowObjects(reader, inputBucket, '', ['s3:GetObject']);
      inputBucket.encryptionKey?.grantDecrypt(reader);
    }
  }
  // Without ListBucket, S3 answers 403 instead of 404 for an object that does not exist.
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

/** Allows actions on the bucket's objects whose keys begin with the prefix. */
export function allowObjects(
  grantee: lambda.Function,
  bucket: s3.IBucket | s3.Bucket,
  prefix: string,
  actions: string[],
) {
  const arn = bucket.arnForObjects(`${prefix}*`);
  allow([grantee], actions, [arn]);
  if (grantee.role) acknowledgeWildcard(grantee.role, arn, USER_KEYS_REASON);
}

/** Allows actions on the table's items whose keys begin with one of the prefixes. */
export function allowItems(
  grantee: lambda.Function,
  actions: string[],
  { tableArn }: dynamodb.TableV2,
  prefixes: readonly string[],
): void {
  grantee.addToRolePolicy(
    new iam.PolicyStatement({ actions, resources: [tableArn], conditions: leadingKeys(prefixes) }),
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
interface UserResources {
  readonly table: dynamodb.TableV2;
  readonly bucket: s3.Bucket;
  readonly queue: sqs.Queue;
  readonly deadLetterQueue: sqs.Queue;
}

/** Allows uploads to `uploads/*` and messages to the batch queue. */
export function grantAdd(grantee: iam.IGrantable, { queue, bucket }: UserResources): iam.Grant {
  return grant(grantee, ['sqs:SendMessage'], queue.queueArn, queue).combine(
    grant(grantee, ['s3:PutObject'], bucket.arnForObjects(`${PREFIX.uploads}*`), bucket),
  );
}

/** Allows reading batches and their rows. */
export function grantRead(grantee: iam.IGrantable, { table, bucket }: UserResources): iam.Grant {
  const stack = Stack.of(table);
  // The ARN of a stack ends in an id that CloudFormation generates.
  const stackArn = stack.formatArn({
    service: 'cloudformation',
    resource: 'stack',
    resourceName: `${stack.stackName}/*`,
  });
  const find = ['cloudformation:GetTemplateSummary', 'cloudformation:ListStackResources'];
  return (
    grant(grantee, find, stackArn)
      .combine(
        iam.Grant.addToPrincipal({
          grantee,
          actions: ['dynamodb:GetItem', 'dynamodb:BatchGetItem'],
          resourceArns: [table.tableArn],
          conditions: leadingKeys([...RECORD_KEYS, SWEEP_LOCK_KEYS]),
        }),
      )
      // A scan names no keys.
      .combine(grant(grantee, ['dynamodb:Scan'], table.tableArn))
      .combine(grant(grantee, ['dynamodb:Query'], `${table.tableArn}/index/${TABLE.dueIndex.name}`))
      .combine(
        grant(grantee, ['dynamodb:Query'], `${table.tableArn}/index/${TABLE.providerIndex.name}`),
      )
      .combine(
        grant(grantee, ['dynamodb:Query'], `${table.tableArn}/index/${TABLE.createdIndex.name}`),
      )
      .combine(grant(grantee, ['s3:GetObject'], bucket.arnForObjects(`${PREFIX.batches}*`), bucket))
  );
}

/** Allows everything that the client library and the command line do. */
export function grantClient(grantee: iam.IGrantable, resources: UserResources): iam.Grant {
  const { bucket, deadLetterQueue } = resources;
  const uploads = bucket.arnForObjects(`${PREFIX.uploads}*`);
  return grantAdd(grantee, resources)
    .combine(grantRead(grantee, resources))
    .combine(grant(grantee, ['s3:AbortMultipartUpload'], uploads, bucket))
    .combine(grant(grantee, ['sqs:ReceiveMessage'], deadLetterQueue.queueArn, deadLetterQueue));
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
