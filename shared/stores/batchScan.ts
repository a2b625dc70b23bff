import { TABLE } from '../config.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { batchItemId } from './batchItem.ts';
import type { Item, ItemTable } from './itemTable.ts';

export interface BatchScanFilter {
  readonly statuses?: readonly string[] | undefined;
  readonly provider?: string | undefined;
  /** Only batches that are not in the `created` index. */
  readonly isUnindexed?: boolean | undefined;
}

/** Pages of all batches that pass the filter, in no order, without parts, by a scan of the whole table. */
export function scanBatches(
  table: ItemTable,
  { statuses, provider, isUnindexed }: BatchScanFilter,
): AsyncIterable<readonly Item[]> {
  return table.scan({
    idPrefix: batchItemId(''),
    idWithout: '/',
    where: omitUndefined({
      status: statuses,
      provider: provider === undefined ? undefined : [provider],
    }),
    without: isUnindexed ? TABLE.createdIndex.partitionKey : undefined,
  });
}
