import type { BatchStore, Partitions } from '../batch/ports.ts';
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
import {
  activePartition,
  openPartition,
  readWaitingKey,
  timeKey,
  waitingPartition,
} from './indexKeys.ts';
import { putVersioned, queryPage } from './items.ts';
import type { Item, ItemTable } from './itemTable.ts';
import { readRunningText } from './runningText.ts';
import { pointToBatch } from './tenantBatches.ts';
import { tenantQueues } from './tenantQueues.ts';
import { unreadableRecords } from './unreadableRecords.ts';

/**
 * The partitions of a handler with one shard: few, because every sweep reads each of them. They are also
 * the first ones of a handler with several.
 */
const FEW: Partitions = { due: 4, active: 1 };
/** Those of a handler with several shards. Never lower them: batches in the others would not be swept. */
export const MANY: Partitions = { due: 64, active: 64 };

interface BatchStoreOptions extends Retention {
  readonly shards?: number | undefined;
}

/** Items per page of the listings that admission reads. */
const HINTS_PER_PAGE = 1_000;

/**
 * The batches, in the table: `batch#<batchId>`.
 *
 * @param options.retentionSeconds how long batches are kept: an entry of the policy, as is `maxAgeSeconds`
 * @param options.shards the prop of the construct: into how many partitions records are written follows
 *   from it. Default: 1
 * @param now milliseconds since 1970
 */
export function batchStore(
  table: ItemTable,
  { retentionSeconds, maxAgeSeconds, shards = 1 }: BatchStoreOptions,
  now: () => number = Date.now,
): BatchStore {
  const queues = tenantQueues(table, now);
  const partitions = shards === 1 ? FEW : MANY;
  const layout = { partitions, retentionSeconds, maxAgeSeconds };

  return {
    ...unreadableRecords(table, layout, queues),
    partitions,
    everyPartition: MANY,
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
    async listDue(partition, until, cursor, statuses) {
      const { items, cursor: next } = await queryPage(table, {
        index: 'due',
        partition: openPartition(partition),
        until: timeKey(Math.floor(until)),
        // Without the others, few are left of many.
        ...(statuses && { where: { status: statuses }, limit: HINTS_PER_PAGE }),
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
    async listActive(provider, cursor, partition = 0) {
      const { items, cursor: next } = await queryPage(table, {
        index: 'provider',
        partition: activePartition(provider, partition),
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
