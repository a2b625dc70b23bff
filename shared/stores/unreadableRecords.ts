import { randomUUID } from 'node:crypto';
import { UnreadableRecordError } from '../batch/errors.ts';
import type { UnreadableRecords } from '../batch/ports.ts';
import type { Batch } from '../batch/record.ts';
import { TABLE } from '../config.ts';
import { batchIdOf, batchItemId, fromItem, type ItemLayout, toItem } from './batchItem.ts';
import { timeKey } from './indexKeys.ts';
import { queryPage } from './items.ts';
import type { Item, ItemTable } from './itemTable.ts';
import type { TenantQueues } from './tenantQueues.ts';

/** The partition of the `due` index that holds the records which cannot be read. No sweep acts on them. */
const UNREADABLE = 'unreadable';

const { partitionKey: queueKey, sortKey: dueKey } = TABLE.dueIndex;

export function unreadableRecords(
  table: ItemTable,
  layout: ItemLayout,
  queues: Pick<TenantQueues, 'whileListed'>,
): UnreadableRecords {
  return {
    async refile(batchId) {
      const item = await table.get(batchItemId(batchId));
      if (!item) return 'absent';
      const batch = readable(item);
      const isAside = item[queueKey] === UNREADABLE;
      // At the same version, as the record wants it.
      if (batch && isAside)
        await queues.whileListed(batch, () => putUnlessChanged(table, item, toItem(batch, layout)));
      if (!batch && !isAside) await putUnlessChanged(table, item, aside(item));
      return batch ? 'readable' : 'unreadable';
    },
    async listUnreadable(cursor) {
      const page = await queryPage(table, { index: 'due', partition: UNREADABLE, cursor });
      return { items: page.items.map(batchIdOf), cursor: page.cursor };
    },
    async removeUnreadable(batchId, keep) {
      const item = await table.get(batchItemId(batchId));
      if (!item) return 'absent';
      if (readable(item)) return 'readable';
      await keep(JSON.stringify(item));
      if (await table.remove(item.id, tokenOf(item))) return 'removed';
      // Its removal may have been repeated because the first reply was lost.
      if (!(await table.get(item.id))) return 'removed';
      throw new Error(`the record of batch ${batchId} was written while it was to be removed`);
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

/** The item elsewhere in the `due` index, and out of the index of the batches that occupy a provider. */
function aside(item: Item): Item {
  const { [TABLE.providerIndex.partitionKey]: _, ...kept } = item;
  return { ...kept, id: item.id, [queueKey]: UNREADABLE, [dueKey]: item[dueKey] ?? timeKey(0) };
}

/** An item that another writer has changed meanwhile is where that writer wants it. */
async function putUnlessChanged(table: ItemTable, stored: Item, item: Item): Promise<void> {
  const condition = { is: 'token', writeToken: tokenOf(stored) } as const;
  await table.put({ ...item, writeToken: randomUUID() }, condition);
}

/** Every write of a record stores a token of its own. An item without one is left as it is. */
function tokenOf({ writeToken = '' }: Item): string {
  return writeToken;
}
