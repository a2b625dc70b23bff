import { randomUUID } from 'node:crypto';
import { lifetimeSeconds } from '../batch/policy.ts';
import type { Batch } from '../batch/record.ts';
import { TABLE } from '../config.ts';
import { batchItemId, type Retention } from './batchItem.ts';
import type { CreatedPage } from './createdIndex.ts';
import { timeKey } from './indexKeys.ts';
import { IndexMissingError, type IndexPosition, type Item, type ItemTable } from './itemTable.ts';

/**
 * The batches of each tenant, by the time of their creation. A batch with a tenant has a pointer, the
 * item `tenantBatch#<tenant>#<batchId>`, in the partition `batches#<tenant>` of the `created` index: the
 * batch itself is in the partition of its month there, and an item is in an index only once.
 */

/**
 * A pointer outlives its batch by so long. One that is older than this when its batch is added is that of
 * an earlier batch of the same id, which may be deleted any day.
 */
const EXTRA_SECONDS = 7 * 24 * 60 * 60;

/**
 * Writes the pointer of a new batch. To be called before the record is created: readers leave out a
 * pointer without a batch, but nothing would ever show a batch without one.
 */
export async function pointToBatch(
  table: ItemTable,
  { spec, batchId, createdAt, part }: Batch,
  retention: Retention,
): Promise<void> {
  const { tenant } = spec;
  // Nobody lists parts.
  if (tenant === undefined || part !== undefined) return;
  const lastsUntil = Math.ceil(createdAt / 1000) + lifetimeSeconds(retention);
  const pointer = {
    id: pointerId(tenant, batchId),
    writeToken: randomUUID(),
    [TABLE.timeToLive]: lastsUntil + EXTRA_SECONDS,
    [TABLE.createdIndex.partitionKey]: partitionOf(tenant),
    [TABLE.createdIndex.sortKey]: timeKey(createdAt),
  };
  const found = await table.get(pointer.id);
  if (!found) return void (await table.put(pointer, { is: 'absent' }));
  const isLasting = Number(found[TABLE.timeToLive]) >= lastsUntil;
  // A repeated message must not move its batch to the top of the list.
  if (isLasting || (await table.get(batchItemId(batchId)))) return;
  await table.put(pointer, { is: 'token', writeToken: found.writeToken ?? '' });
}

export interface TenantBatchesQuery {
  readonly tenant: string;
  /** Batches to read at most. */
  readonly limit: number;
}

/**
 * One page of the batches of a tenant, the newest first, by one query. It may name batches that do not
 * exist, or that are of another tenant: only the record of a batch says whose it is.
 *
 * @param after the last of the page before. Default: the first page
 */
export async function listTenantBatches(
  table: ItemTable,
  { tenant, limit }: TenantBatchesQuery,
  after?: TenantBatchPlace,
): Promise<CreatedPage> {
  try {
    const { items, last } = await table.query({
      index: 'created',
      partition: partitionOf(tenant),
      isDescending: true,
      after: after && {
        id: pointerId(tenant, after.batchId),
        sortKey: timeKey(after.createdAt),
      },
      limit,
    });
    const places = items.map((item) => placeOf(tenant, positionOf(item)));
    return { items: places, next: last && placeOf(tenant, last) };
  } catch (error) {
    if (error instanceof IndexMissingError) return { items: [], isMissing: true };
    throw error;
  }
}

/** Where a batch is in the list of its tenant. */
export type TenantBatchPlace = CreatedPage['items'][number];

/** @returns undefined for a batch that is not in the list of this tenant */
export async function placeOfTenantBatch(
  table: ItemTable,
  tenant: string,
  batchId: string,
): Promise<TenantBatchPlace | undefined> {
  const item = await table.get(pointerId(tenant, batchId));
  return item && placeOf(tenant, positionOf(item));
}

function pointerId(tenant: string, batchId: string): string {
  return `tenantBatch#${tenant}#${batchId}`;
}

function partitionOf(tenant: string): string {
  return `batches#${tenant}`;
}

function placeOf(tenant: string, { id, sortKey }: IndexPosition): TenantBatchPlace {
  return { batchId: id.slice(pointerId(tenant, '').length), createdAt: Number(sortKey) };
}

function positionOf({ id, [TABLE.createdIndex.sortKey]: sortKey }: Item): IndexPosition {
  return { id, sortKey: String(sortKey) };
}
