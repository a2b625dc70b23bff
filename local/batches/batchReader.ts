import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { batchIdOf } from '../../shared/aws/batchItem.ts';
import { scanBatches } from '../../shared/aws/batchScan.ts';
import { realBatchStore } from '../../shared/aws/batchStore.ts';
import type { BatchStore } from '../../shared/batch/ports.ts';
import { OPEN_STATUSES } from '../../shared/batch/status.ts';
import { DEFAULT_POLICY } from '../../shared/config.ts';

/** Reads the handler's table. */
export interface BatchReader extends Pick<BatchStore, 'get'> {
  /** Ids of all batches that have not ended. */
  listUnfinished(): Promise<readonly string[]>;
}

export function createBatchReader(dynamodb: DynamoDBClient, name: string): BatchReader {
  const client = DynamoDBDocumentClient.from(dynamodb);
  const { get } = realBatchStore(client, name, DEFAULT_POLICY);
  return {
    get,
    async listUnfinished() {
      const ids: string[] = [];
      for await (const items of scanBatches({ client, name }, { statuses: OPEN_STATUSES }, 1))
        ids.push(...items.map(batchIdOf));
      return ids;
    },
  };
}
