import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { batchIdOf, itemId } from '../../shared/aws/batchItem.ts';
import { realBatchStore } from '../../shared/aws/batchStore.ts';
import type { BatchStore } from '../../shared/batch/ports.ts';
import { END_STATUSES } from '../../shared/batch/status.ts';
import { DEFAULT_POLICY, TABLE } from '../../shared/config.ts';

/** Reads the handler's table. */
export interface BatchReader extends Pick<BatchStore, 'get'> {
  /** Ids of all batches that have not ended. */
  listUnfinished(): Promise<readonly string[]>;
}

export function createBatchReader(dynamodb: DynamoDBClient, table: string): BatchReader {
  const documents = DynamoDBDocumentClient.from(dynamodb);
  const { get } = realBatchStore(documents, table, DEFAULT_POLICY);
  return {
    get,
    async listUnfinished() {
      const ids: string[] = [];
      const query = {
        TableName: table,
        ProjectionExpression: '#id, #status',
        FilterExpression: 'begins_with(#id, :prefix)',
        ExpressionAttributeNames: { '#id': TABLE.partitionKey, '#status': 'status' },
        ExpressionAttributeValues: { ':prefix': { S: itemId('') } },
      };
      for await (const { Items: items = [] } of paginateScan({ client: dynamodb }, query))
        for (const { [TABLE.partitionKey]: id, status } of items)
          if (!END_STATUSES.some((end) => end === status?.S))
            ids.push(batchIdOf({ [TABLE.partitionKey]: id?.S }));
      return ids;
    },
  };
}
