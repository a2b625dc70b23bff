import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { UnreadableRecordError } from '../batch/errors.ts';
import type { UnreadableRecords } from '../batch/ports.ts';
import type { Batch } from '../batch/record.ts';
import { TABLE } from '../config.ts';
import { batchIdOf, batchItemId, fromItem, type ItemLayout, timeKey, toItem } from './batchItem.ts';
import { type Item, queryIndex, readItem, type Table } from './table.ts';

/** The partition of the `due` index that holds the records which cannot be read. No sweep acts on them. */
const UNREADABLE = 'unreadable';

const { partitionKey: queueKey, sortKey: dueKey } = TABLE.dueIndex;

export function realUnreadableRecords(table: Table, layout: ItemLayout): UnreadableRecords {
  return {
    async refile(batchId) {
      const item = await readItem(table, batchItemId(batchId));
      if (!item) return 'absent';
      const batch = readable(item);
      const isAside = item[queueKey] === UNREADABLE;
      if (batch && isAside) await putBack(table, batch, { item, layout });
      if (!batch && !isAside) await putAside(table, item);
      return batch ? 'readable' : 'unreadable';
    },
    async listUnreadable(cursor) {
      const query = { index: TABLE.dueIndex, partition: UNREADABLE, cursor };
      const page = await queryIndex(table, query);
      return { items: page.items.map(batchIdOf), cursor: page.cursor };
    },
    async removeUnreadable(batchId, keep) {
      const item = await readItem(table, batchItemId(batchId));
      if (!item) return 'absent';
      if (readable(item)) return 'readable';
      await keep(JSON.stringify(item));
      await table.client.send(
        new DeleteCommand({
          TableName: table.name,
          Key: { [TABLE.partitionKey]: item[TABLE.partitionKey] },
          ...ifUnchanged(item),
        }),
      );
      return 'removed';
    },
  };
}

/** @throws NewerSchemaError for a record of a newer version, which is left as it is */
function readable(item: Item): Batch | undefined {
  try {
    return fromItem(item);
  } catch (error) {
    if (error instanceof UnreadableRecordError) return undefined;
    throw error;
  }
}

/** An item that another writer has changed meanwhile is where that writer wants it. */
async function unlessChanged(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

/** Moves an item within the `due` index, and out of the index of the batches that occupy a provider. */
async function putAside({ client, name }: Table, item: Item): Promise<void> {
  const { ExpressionAttributeNames, ExpressionAttributeValues, ...condition } = ifUnchanged(item);
  const command = new UpdateCommand({
    TableName: name,
    Key: { [TABLE.partitionKey]: item[TABLE.partitionKey] },
    UpdateExpression: 'SET #queue = :queue, #due = :due REMOVE #active',
    ...condition,
    ExpressionAttributeNames: {
      ...ExpressionAttributeNames,
      ...{ '#queue': queueKey, '#due': dueKey, '#active': TABLE.providerIndex.partitionKey },
    },
    ExpressionAttributeValues: {
      ...ExpressionAttributeValues,
      ...{ ':queue': UNREADABLE, ':due': item[dueKey] ?? timeKey(0) },
    },
  });
  await unlessChanged(client.send(command));
}

/** Writes the item as the record wants it, at the same version. */
async function putBack(
  { client, name }: Table,
  batch: Batch,
  { item, layout }: { readonly item: Item; readonly layout: ItemLayout },
): Promise<void> {
  const { writeToken } = item;
  const Item = { ...toItem(batch, layout), writeToken };
  await unlessChanged(client.send(new PutCommand({ TableName: name, Item, ...ifUnchanged(item) })));
}

/** Every write of a record stores a token of its own. */
function ifUnchanged({ writeToken }: Item) {
  return {
    ConditionExpression: '#writeToken = :writeToken',
    ExpressionAttributeNames: { '#writeToken': 'writeToken' },
    ExpressionAttributeValues: { ':writeToken': writeToken ?? '' },
  };
}
