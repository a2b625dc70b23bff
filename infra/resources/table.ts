import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { TABLE } from '../../shared/config.ts';
import { omitUndefined } from '../../shared/omitUndefined.ts';

const stringAttribute = (name: string) => ({ name, type: dynamodb.AttributeType.STRING });

/**
 * The key, the indexes and the time to live of a handler's table, to create one yourself:
 *
 * ```ts
 * const table = new dynamodb.TableV2(this, 'Table', { ...batchTableSchema(), tableName: 'batches' });
 * ```
 *
 * @returns props of `dynamodb.TableV2`
 */
export function batchTableSchema() {
  const { dueIndex, providerIndex, createdIndex } = TABLE;
  // The indexes project only what the sweep reads before it reads a record: a record has up to 40 KB,
  // and every write pays again for each byte that an index projects.
  const projectionType = dynamodb.ProjectionType.INCLUDE;
  return {
    partitionKey: stringAttribute(TABLE.partitionKey),
    timeToLiveAttribute: TABLE.timeToLive,
    globalSecondaryIndexes: [
      {
        indexName: dueIndex.name,
        partitionKey: stringAttribute(dueIndex.partitionKey),
        sortKey: stringAttribute(dueIndex.sortKey),
        projectionType,
        nonKeyAttributes: [...dueIndex.projected],
      },
      {
        indexName: providerIndex.name,
        partitionKey: stringAttribute(providerIndex.partitionKey),
        projectionType,
        nonKeyAttributes: [...providerIndex.projected],
      },
      // CloudFormation adds one index in an update: a version must not add a second one.
      {
        indexName: createdIndex.name,
        partitionKey: stringAttribute(createdIndex.partitionKey),
        sortKey: stringAttribute(createdIndex.sortKey),
        projectionType,
        nonKeyAttributes: [...createdIndex.projected],
      },
    ],
  };
}

/**
 * Creates the table of batches, provider states and the sweep's lock.
 *
 * @param key the prop `encryptionKey`. Default: DynamoDB's own key
 */
export function createTable(
  scope: Construct,
  removalPolicy: RemovalPolicy,
  key: kms.IKey | undefined,
): dynamodb.TableV2 {
  return new dynamodb.TableV2(scope, 'Table', {
    ...batchTableSchema(),
    billing: dynamodb.Billing.onDemand(),
    ...omitUndefined({ encryption: key && dynamodb.TableEncryptionV2.customerManagedKey(key) }),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy,
    // Whoever wants to keep the table also wants nobody to delete it by mistake.
    deletionProtection: removalPolicy === RemovalPolicy.RETAIN,
  });
}
