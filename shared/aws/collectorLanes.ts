import { randomUUID } from 'node:crypto';
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { SCHEMA_VERSION } from '../batch/batch.ts';
import { laneSchema } from '../batch/collectorLane.ts';
import type { LaneStore } from '../batch/collectorPorts.ts';
import { dueAtOf } from '../batch/collectorWindows.ts';
import { TABLE } from '../config.ts';
import { timeKey } from './dueKeys.ts';
import { queryIndex } from './indexQuery.ts';
import { parseRecord } from './record.ts';
import { readItem, type Table, writeIf } from './table.ts';

/** The partition of the `due` index that holds the lanes which owe something. */
const LANES = 'collector';
const PREFIX = 'collector#';

const AS_I_READ_IT =
  'attribute_not_exists(#id) OR (#version = :previousVersion AND #schemaVersion <= :schemaVersion)';

/** The lanes of gathered requests, in the table of batches: `collector#<lane id>`. */
export function realLaneStore(client: DynamoDBDocumentClient, tableName: string): LaneStore {
  const table: Table = { client, name: tableName };
  const { partitionKey, sortKey } = TABLE.dueIndex;
  return {
    async get(laneId) {
      const item = await readItem(table, PREFIX + laneId);
      return item && parseRecord(`collector lane ${laneId}`, item, laneSchema);
    },
    async replace(lane) {
      const id = PREFIX + lane.laneId;
      const writeToken = randomUUID();
      const dueAt = dueAtOf(lane);
      const command = new PutCommand({
        TableName: tableName,
        Item: {
          [TABLE.partitionKey]: id,
          schemaVersion: SCHEMA_VERSION,
          version: lane.version,
          writeToken,
          record: JSON.stringify(lane),
          ...(dueAt === undefined ? {} : { [partitionKey]: LANES, [sortKey]: timeKey(dueAt) }),
        },
        ConditionExpression: AS_I_READ_IT,
        ExpressionAttributeNames: {
          '#id': TABLE.partitionKey,
          '#version': 'version',
          '#schemaVersion': 'schemaVersion',
        },
        ExpressionAttributeValues: {
          ':previousVersion': lane.version - 1,
          ':schemaVersion': SCHEMA_VERSION,
        },
      });
      const won = await writeIf(table, id, writeToken, () => client.send(command));
      return won === undefined ? 'conflict' : 'written';
    },
    async listDue(until, cursor) {
      const query = { index: TABLE.dueIndex, partition: LANES, until: timeKey(until), cursor };
      const page = await queryIndex(table, query);
      const laneIds = page.items.map((item) => String(item[TABLE.partitionKey]));
      return { ...page, items: laneIds.map((id) => id.slice(PREFIX.length)) };
    },
  };
}
