import type { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { TABLE } from '../shared/config.ts';

const text = (name: string): dynamodb.Attribute => ({ name, type: dynamodb.AttributeType.STRING });

/** The table of batches, provider states and the sweep's lock. */
export function createTable(scope: Construct, removalPolicy: RemovalPolicy): dynamodb.TableV2 {
  const { dueIndex, providerIndex } = TABLE;
  // What the indexes hold is what the sweep reads of a batch before its record: a record has up to
  // 40 KB, and whatever an index holds of it is paid for again with every write.
  const projectionType = dynamodb.ProjectionType.INCLUDE;
  return new dynamodb.TableV2(scope, 'Table', {
    partitionKey: text(TABLE.partitionKey),
    billing: dynamodb.Billing.onDemand(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    timeToLiveAttribute: TABLE.timeToLive,
    removalPolicy,
    globalSecondaryIndexes: [
      {
        indexName: dueIndex.name,
        partitionKey: text(dueIndex.partitionKey),
        sortKey: text(dueIndex.sortKey),
        projectionType,
        nonKeyAttributes: [...dueIndex.projected],
      },
      {
        indexName: providerIndex.name,
        partitionKey: text(providerIndex.partitionKey),
        projectionType,
        nonKeyAttributes: [...providerIndex.projected],
      },
    ],
  });
}
