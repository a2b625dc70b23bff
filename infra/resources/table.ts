import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { TABLE } from '../../shared/config.ts';

const stringAttribute = (name: string): dynamodb.Attribute => ({
  name,
  type: dynamodb.AttributeType.STRING,
});

/** Creates the table of batches, provider states and the sweep's lock. */
export function createTable(scope: Construct, removalPolicy: RemovalPolicy): dynamodb.TableV2 {
  const { dueIndex, providerIndex, createdIndex } = TABLE;
  // The indexes project only what the sweep reads before it reads a record: a record has up to 40 KB,
  // and every write pays again for each byte that an index projects.
  const projectionType = dynamodb.ProjectionType.INCLUDE;
  return new dynamodb.TableV2(scope, 'Table', {
    partitionKey: stringAttribute(TABLE.partitionKey),
    billing: dynamodb.Billing.onDemand(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    timeToLiveAttribute: TABLE.timeToLive,
    removalPolicy,
    // Whoever wants to keep the table also wants nobody to delete it by mistake.
    deletionProtection: removalPolicy === RemovalPolicy.RETAIN,
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
  });
}
