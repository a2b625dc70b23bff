import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import pMap from 'p-map';
import { tableDefinition } from '../../local/emulators/createResources.ts';
import { createClients, startEmulators } from '../../local/emulators/emulators.ts';
import type { Batch } from '../../shared/batch/record.ts';
import { DEFAULT_POLICY } from '../../shared/settings.ts';
import { toItem } from '../../shared/stores/batchItem.ts';
import { inDirectory } from './servers.ts';

const TABLE_NAME = 'table';
const LAYOUT = { ...DEFAULT_POLICY, partitions: { due: 4, active: 1 } };
/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const ITEMS_PER_CALL = 25;

export interface FilledTable {
  /** The endpoint of DynamoDB. */
  readonly tableUrl: string;
  readonly tableName: string;
}

/** Runs the emulator with a table of the batches, put there without the steps that lead to their status. */
export function withFilledTable<T>(
  batches: Iterable<Batch>,
  work: (table: FilledTable) => Promise<T>,
): Promise<T> {
  return inDirectory(async (directory) => {
    const emulators = await startEmulators(directory);
    const { dynamodb } = createClients(emulators);
    try {
      await dynamodb.send(new CreateTableCommand(tableDefinition(TABLE_NAME)));
      const document = DynamoDBDocumentClient.from(dynamodb);
      const put = async (group: readonly Batch[]) => {
        const requests = group.map((batch) => ({ PutRequest: { Item: toItem(batch, LAYOUT) } }));
        await document.send(new BatchWriteCommand({ RequestItems: { [TABLE_NAME]: requests } }));
      };
      await pMap(groupsOf(batches), put, { concurrency: 4 });
      return await work({ tableUrl: emulators.tableUrl, tableName: TABLE_NAME });
    } finally {
      dynamodb.destroy();
      await Promise.all(emulators.processes.map((process) => process.stop()));
    }
  });
}

function* groupsOf(batches: Iterable<Batch>): Generator<readonly Batch[]> {
  let group: Batch[] = [];
  for (const batch of batches) {
    group.push(batch);
    if (group.length < ITEMS_PER_CALL) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
