import { randomUUID } from 'node:crypto';
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { BatchStore } from '../batch/ports.ts';
import { BATCH_SCHEMA_VERSION, type Batch } from '../batch/record.ts';
import type { Status } from '../batch/status.ts';
import { TABLE } from '../config.ts';
import {
  batchIdOf,
  createdAtOf,
  fromItem,
  itemId,
  shardQueue,
  timeKey,
  toItem,
  waitingQueue,
} from './batchItem.ts';
import { type Item, queryIndex, readItem, readItems, type Table, writeIf } from './table.ts';

/** Partitions that open batches spread over. Never lower it: a stack's batches in the others would not be swept. */
const SHARDS = 4;

/** Of the queues that are read as a whole. */
const HINTS_PER_PAGE = 1_000;

const ITEM_ABSENT = 'attribute_not_exists(#id)';
const VERSION_UNCHANGED = '#version = :previousVersion AND #schemaVersion <= :schemaVersion';

/**
 * The batches in DynamoDB.
 *
 * @param retentionSeconds how long an ended batch that owes nothing is kept
 */
export function realBatchStore(
  client: DynamoDBDocumentClient,
  tableName: string,
  { retentionSeconds }: { readonly retentionSeconds: number },
): BatchStore {
  const table: Table = { client, name: tableName };

  async function put(batch: Batch, condition: Condition): Promise<boolean> {
    const writeToken = randomUUID();
    const item = toItem(batch, writeToken, { shards: SHARDS, retentionSeconds });
    const command = new PutCommand({ TableName: tableName, Item: item, ...condition });
    const won = await writeIf(table, itemId(batch.batchId), writeToken, () => client.send(command));
    return won !== undefined;
  }

  return {
    shards: SHARDS,
    async get(batchId) {
      const item = await readItem(table, itemId(batchId));
      return item && fromItem(item);
    },
    async getMany(batchIds) {
      const items = await readItems(table, batchIds.map(itemId));
      return new Map(items.flatMap((item) => parsedOrSkipped(item)));
    },
    async create(batch) {
      const won = await put(batch, {
        ConditionExpression: ITEM_ABSENT,
        ExpressionAttributeNames: { '#id': TABLE.partitionKey },
      });
      return won ? 'written' : 'exists';
    },
    async replace(batch) {
      const won = await put(batch, {
        ConditionExpression: VERSION_UNCHANGED,
        ExpressionAttributeNames: { '#version': 'version', '#schemaVersion': 'schemaVersion' },
        ExpressionAttributeValues: {
          ':previousVersion': batch.version - 1,
          ':schemaVersion': BATCH_SCHEMA_VERSION,
        },
      });
      return won ? 'written' : 'conflict';
    },
    async listDue(shard, until, cursor) {
      const { items, cursor: next } = await queryIndex(table, {
        index: TABLE.dueIndex,
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
    async listWaiting(provider, cursor) {
      const { items, cursor: next } = await queryIndex(table, {
        index: TABLE.dueIndex,
        partition: waitingQueue(provider),
        cursor,
        pageItems: HINTS_PER_PAGE,
      });
      const hints = items.map((item) => ({
        ...load(item),
        createdAt: createdAtOf(String(item[TABLE.dueIndex.sortKey])),
        queuedAt: Number(item.statusAt),
        deadlineAt: Number(item.deadlineAt ?? Number.POSITIVE_INFINITY),
        providers: Array.isArray(item.providers) ? item.providers.map(String) : undefined,
      }));
      return { items: hints, cursor: next };
    },
    async listActive(provider, cursor) {
      const { items, cursor: next } = await queryIndex(table, {
        index: TABLE.providerIndex,
        partition: provider,
        cursor,
        pageItems: HINTS_PER_PAGE,
      });
      const hints = items.map((item) => ({
        ...load(item),
        jobId: text(item.jobId),
        isPending: item.isPending !== false,
        isOver: item.isOver === true,
      }));
      return { items: hints, cursor: next };
    },
  };
}

type Condition = Pick<
  ConstructorParameters<typeof PutCommand>[0],
  'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

/** Nothing for a record that `get` would throw for: it must not hide the others. */
function parsedOrSkipped(item: Item): [string, Batch][] {
  try {
    return [[batchIdOf(item), fromItem(item)]];
  } catch {
    return [];
  }
}

function text(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}

/** Never throws: one odd item must not hide the others of its page. */
function load(item: Item) {
  return {
    batchId: batchIdOf(item),
    model: text(item.model),
    requests: Number(item.requests ?? 0),
    estimatedTokens: Number(item.estimatedTokens ?? 0),
    expected: {
      inputTokens: Number(item.expectedInput ?? item.estimatedTokens ?? 0),
      outputTokens: Number(item.expectedOutput ?? 0),
    },
  };
}
