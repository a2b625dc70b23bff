import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { acknowledgeWildcard } from '../acknowledgements.ts';
import { keyAccess } from './encryption.ts';

/** Why a policy on objects of the bucket holds a wildcard. */
export const USER_KEYS_REASON = 'Users choose the ids in the keys: only the prefix is known.';

/** @param key by which the resources are encrypted, if it is one that needs permissions */
export function allow(
  functions: readonly lambda.Function[],
  actions: string[],
  resources: string[],
  key?: kms.IKey,
) {
  for (const each of functions) {
    each.addToRolePolicy(new iam.PolicyStatement({ actions, resources }));
    allowKey(each, key, actions);
  }
}

/** Allows what these actions do with the key of their resource. */
function allowKey(grantee: lambda.Function, key: kms.IKey | undefined, actions: string[]): void {
  const access = keyAccess(grantee, key, actions);
  if (access) grantee.addToRolePolicy(new iam.PolicyStatement(access));
}

/** Allows sending to a queue, unless a user's code replaces it. */
export function allowSend(functions: readonly lambda.Function[], queue: sqs.IQueue | undefined) {
  if (queue) allow(functions, ['sqs:SendMessage'], [queue.queueArn], queue.encryptionMasterKey);
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
  table: dynamodb.ITable | undefined,
  name: string,
) {
  if (!table) return;
  const index = `${table.tableArn}/index/${name}`;
  allow([reader], ['dynamodb:Query'], [index], table.encryptionKey);
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
  allow([grantee], actions, [arn], bucket.encryptionKey as kms.IKey | undefined);
  if (grantee.role) acknowledgeWildcard(grantee.role, arn, USER_KEYS_REASON);
}

/**
 * Allows actions on the table's items whose keys begin with one of the prefixes, unless a user's code
 * replaces the table.
 */
export function allowItems(
  grantee: lambda.Function,
  actions: string[],
  table: dynamodb.ITable | undefined,
  prefixes: readonly string[],
): void {
  if (!table) return;
  const resources = [table.tableArn];
  grantee.addToRolePolicy(
    new iam.PolicyStatement({ actions, resources, conditions: leadingKeys(prefixes) }),
  );
  allowKey(grantee, table.encryptionKey, actions);
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
