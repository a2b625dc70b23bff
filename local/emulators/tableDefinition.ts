import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { TABLE } from '../../shared/config.ts';

/**
 * The handler's table without its stack: as that defines it, with indexes that hold what the
 * stack's hold and no more.
 */
export function tableDefinition(name: string): CreateTableCommandInput {
  const { partitionKey, dueIndex, providerIndex } = TABLE;
  const keys = [
    partitionKey,
    dueIndex.partitionKey,
    dueIndex.sortKey,
    providerIndex.partitionKey,
  ] as const;
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: keys.map((key) => ({ AttributeName: key, AttributeType: 'S' })),
    KeySchema: [{ AttributeName: partitionKey, KeyType: 'HASH' }],
    GlobalSecondaryIndexes: [
      {
        IndexName: dueIndex.name,
        KeySchema: [
          { AttributeName: dueIndex.partitionKey, KeyType: 'HASH' },
          { AttributeName: dueIndex.sortKey, KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...dueIndex.projected] },
      },
      {
        IndexName: providerIndex.name,
        KeySchema: [{ AttributeName: providerIndex.partitionKey, KeyType: 'HASH' }],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...providerIndex.projected] },
      },
    ],
  };
}
