import type { BatchStore } from '../batch/ports.ts';
import type { Batch } from '../batch/record.ts';
import type { Status } from '../batch/status.ts';
import { TABLE } from '../config.ts';
import {
  batchIdOf,
  batchItemId,
  fromItem,
  type Retention,
  readModel,
  toItem,
} from './batchItem.ts';
import { readWaitingKey, shardQueue, timeKey, waitingPartition } from './indexKeys.ts';
import { putVersioned, queryPage } from './items.ts';
import type { Item, ItemTable } from './itemTable.ts';
import { readRunningText } from './runningText.ts';
import { pointToBatch } from './tenantBatches.ts';
import { tenantQueues } from './tenantQueues.ts';
import { unreadableRecords } from './unreadableRecords.ts';

/** Partitions that open batches spread over. Never lower it: a stack's batches in the others would not be swept. */
const SHARDS = 4;

/** Items per page of the listings that admission reads. */
const HINTS_PER_PAGE = 1_000;

/**
 * The batches, in the table: `batch#<batchId>`.
 *
 * @param retention the policy's entries that say how long batches are kept
 * @param now milliseconds since 1970
 */
export function batchStore(
  table: ItemTable,
  { retentionSeconds, maxAgeSeconds }: Retention,
  now: () => number = Date.now,
): BatchStore {
  const queues = tenantQueues(table, now);
  const layout = { shards: SHARDS, retentionSeconds, maxAgeSeconds };

  return {
    ...unreadableRecords(table, layout, queues),
    shards: SHARDS,
    async get(batchId) {
      const item = await table.get(batchItemId(batchId));
      return item && fromItem(item);
    },
    async getMany(batchIds) {
      const items = await table.getMany(batchIds.map(batchItemId));
      return new Map(items.flatMap((item) => parsedOrSkipped(item)));
    },
    async create(batch) {
      const item = toItem(batch, layout);
      await pointToBatch(table, batch, layout);
      const won = await queues.whileListed(batch, () => putVersioned(table, item, 'absent'));
      return won ? 'written' : 'exists';
    },
    async replace(batch) {
      const item = toItem(batch, layout);
      const won = await queues.whileListed(batch, () => putVersioned(table, item, 'unchanged'));
      return won ? 'written' : 'conflict';
    },
    async listDue(shard, until, cursor) {
      const { items, cursor: next } = await queryPage(table, {
        index: 'due',
        partition: shardQueue(shard),
        until: timeKey(Math.floor(until)),
        cursor,
      });
      const hints = items.map((item) => ({
        batchId: batchIdOf(item),
        status: item.status as Status,
      }));
      return { items: hints, cursor: next };
    },
    async listWaiting(queue, cursor, limit = HINTS_PER_PAGE) {
      const { items, cursor: next } = await queryPage(table, {
        index: 'due',
        partition: waitingPartition(queue),
        cursor,
        limit: Math.min(limit, HINTS_PER_PAGE),
      });
      const hints = items.map((item) => ({
        ...loadOf(item),
        ...readWaitingKey(String(item[TABLE.dueIndex.sortKey])),
        queuedAt: Number(item.statusAt),
        deadlineAt: Number(item.deadlineAt ?? Number.POSITIVE_INFINITY),
        providers: Array.isArray(item.providers) ? item.providers.map(String) : undefined,
      }));
      return { items: hints, cursor: next };
    },
    listTenants: (provider, cursor) => queues.list(provider, cursor),
    unlistTenant: (queue) => queues.remove(queue),
    async listActive(provider, cursor) {
      const { items, cursor: next } = await queryPage(table, {
        index: 'provider',
        partition: provider,
        cursor,
        limit: HINTS_PER_PAGE,
      });
      const hints = items.map((item) => ({
        ...loadOf(item),
        jobId: optionalText(item.jobId),
        isPending: item.isPending !== false,
        isOver: item.isOver === true,
        running: readRunningText(item),
      }));
      return { items: hints, cursor: next };
    },
  };
}

/** Leaves out a record for which `get` would throw: it must not hide the others. */
function parsedOrSkipped(item: Item): [string, Batch][] {
  try {
    return [[batchIdOf(item), fromItem(item)]];
  } catch {
    return [];
  }
}

function optionalText(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}

/** Never throws: one malformed item must not hide the others of its page. */
function loadOf(item: Item) {
  return {
    batchId: batchIdOf(item),
    ...readModel(item.model),
    requests: Number(item.requests ?? 0),
    estimatedTokens: Number(item.estimatedTokens ?? 0),
    expected: {
      inputTokens: Number(item.expectedInput ?? item.estimatedTokens ?? 0),
      outputTokens: Number(item.expectedOutput ?? 0),
    },
  };
}
