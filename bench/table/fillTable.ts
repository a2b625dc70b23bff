import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import pMap from 'p-map';
import { toItem } from '../../shared/aws/batchItem.ts';
import type { Batch } from '../../shared/batch/record.ts';
import { DEFAULT_POLICY } from '../../shared/config.ts';
import { queuedBatch, runningBatch } from '../inputs/records.ts';

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const ITEMS_PER_CALL = 25;

/** How many batches a table has. */
export interface Filling {
  readonly queued: number;
  readonly running: number;
}

/** Puts batches into a table, as items of the adapter, without the steps that lead there. */
export async function fillTable(
  client: DynamoDBClient,
  tableName: string,
  filling: Filling,
): Promise<void> {
  const document = DynamoDBDocumentClient.from(client);
  const layout = { shards: 4, retentionSeconds: DEFAULT_POLICY.retentionSeconds };
  const put = async (batches: readonly Batch[]) => {
    const items = batches.map((batch) => toItem(batch, 'filled', layout));
    const requests = items.map((Item) => ({ PutRequest: { Item } }));
    await document.send(new BatchWriteCommand({ RequestItems: { [tableName]: requests } }));
  };
  await pMap(groups(filling), put, { concurrency: 4 });
}

function* groups({ queued, running }: Filling): Generator<readonly Batch[]> {
  for (const [count, make] of [[queued, queuedBatch] as const, [running, runningBatch] as const])
    for (let start = 0; start < count; start += ITEMS_PER_CALL) {
      const length = Math.min(ITEMS_PER_CALL, count - start);
      yield Array.from({ length }, (_, index) => make(start + index));
    }
}
