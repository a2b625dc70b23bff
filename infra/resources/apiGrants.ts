import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { TABLE } from '../../shared/config.ts';
import { leadingKeys } from './allow.ts';
import type { HandlerResources } from './functions.ts';
import { RECORD_KEYS, TENANT_BATCH_KEYS, TENANT_KEYS } from './permissions.ts';
import { combined, findHandler, grant, grantKey, grantObjects, grantSend } from './userGrants.ts';

const READ = ['dynamodb:GetItem'];
const READ_WRITE = ['dynamodb:GetItem', 'dynamodb:PutItem'];

/** What writing objects in constant memory takes, and removing them. */
export const WRITE_OBJECTS = ['s3:PutObject', 's3:AbortMultipartUpload', 's3:DeleteObject'];

/** Prefixes of the keys of the bucket that the HTTP API writes and deletes, and all that it reads. */
export function apiPrefixes({ prefixes }: Pick<HandlerResources, 'prefixes'>) {
  return {
    written: [prefixes.files, prefixes.uploadParts],
    // Clients read by URLs that the API signs, so these are the limits of the URLs, too.
    read: [prefixes.uploads, prefixes.batches],
  };
}

/**
 * Allows what the HTTP API does: it adds and cancels batches as the intake does, keeps files and uploads,
 * and reads keys, rows and lists. It calls no provider and reads none of their secrets.
 */
export function grantApi(
  grantee: iam.IGrantable,
  handler: Construct,
  resources: HandlerResources,
): iam.Grant {
  const { table, bucket, inputBuckets, queues, processor, eventBus, replaced } = resources;
  const { keyPrefix, keyUsePrefix, filePrefix, uploadPrefix, repeatPrefix } = TABLE;
  const records = [...RECORD_KEYS, TENANT_BATCH_KEYS];
  const items = [keyUsePrefix, filePrefix, uploadPrefix, repeatPrefix];
  const { written, read } = apiPrefixes(resources);
  const objects = (prefixes: readonly string[], actions: string[]) =>
    bucket
      ? prefixes.map((each) => grantObjects(handler, grantee, bucket, `${each}*`, actions))
      : [];
  const buckets = [...(bucket ? [bucket] : []), ...inputBuckets].map(({ bucketArn }) => bucketArn);
  return combined(grantee, [
    ...(table
      ? [
          grantItems(grantee, table, READ, [keyPrefix]),
          grantItems(grantee, table, READ_WRITE, [...records, ...items]),
          ...grantCreatedIndex(grantee, table),
          ...grantKey(handler, grantee, table.encryptionKey, READ_WRITE),
        ]
      : []),
    queues.worker && grantSend(handler, grantee, queues.worker.queue),
    // A batch that is cancelled while it waits, with rows of earlier jobs, is delivered at once.
    replaced.includes('processor')
      ? undefined
      : grant(grantee, ['lambda:InvokeFunction'], processor.functionArn),
    eventBus && grant(grantee, ['events:PutEvents'], eventBus.eventBusArn),
    ...objects(written, WRITE_OBJECTS),
    ...objects(read, ['s3:GetObject']),
    // Without ListBucket, S3 answers 403 instead of 404 for an object that does not exist.
    ...buckets.map((arn) => grant(grantee, ['s3:ListBucket'], arn)),
  ]);
}

/**
 * Allows `batch-handler serve`: what the API does, and reading the environment of a function, which says
 * where the handler sends its events.
 *
 * @param functionArn of any function of the handler: all have this environment
 */
export function grantServe(
  grantee: iam.IGrantable,
  handler: Construct,
  resources: HandlerResources,
  functionArn: string,
): iam.Grant {
  return combined(grantee, [
    findHandler(grantee, handler, resources),
    grant(grantee, ['lambda:GetFunctionConfiguration'], functionArn),
    grantApi(grantee, handler, resources),
  ]);
}

/** Allows `batch-handler keys`: making, listing and revoking keys of the API, and budgets of tenants. */
export function grantManageKeys(
  grantee: iam.IGrantable,
  handler: Construct,
  resources: HandlerResources,
): iam.Grant {
  const { table } = resources;
  const { keyPrefix, keyUsePrefix } = TABLE;
  return combined(grantee, [
    findHandler(grantee, handler, resources),
    ...(table
      ? [
          grantItems(grantee, table, READ, [keyUsePrefix]),
          grantItems(grantee, table, READ_WRITE, [keyPrefix, TENANT_KEYS]),
          ...grantCreatedIndex(grantee, table),
          ...grantKey(handler, grantee, table.encryptionKey, READ_WRITE),
        ]
      : []),
  ]);
}

function grantItems(
  grantee: iam.IGrantable,
  { tableArn }: dynamodb.ITable,
  actions: string[],
  prefixes: readonly string[],
): iam.Grant {
  const conditions = leadingKeys(prefixes);
  return iam.Grant.addToPrincipal({ grantee, actions, resourceArns: [tableArn], conditions });
}

function grantCreatedIndex(
  grantee: iam.IGrantable,
  { tableArn }: dynamodb.ITable,
): readonly iam.Grant[] {
  return [grant(grantee, ['dynamodb:Query'], `${tableArn}/index/${TABLE.createdIndex.name}`)];
}
