import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb';
import type * as z from 'zod';
import { messageOf, NewerSchemaError } from '../batch/errors.ts';
import type { IndexPage } from '../batch/ports.ts';
import { TABLE } from '../config.ts';

export interface Table {
  readonly client: DynamoDBDocumentClient;
  readonly name: string;
}

/** Attributes by name. */
export type Item = Record<string, unknown>;

/** A strongly consistent read. */
export async function readItem(table: Table, id: string): Promise<Item | undefined> {
  const { Item: item } = await table.client.send(
    new GetCommand({
      TableName: table.name,
      Key: { [TABLE.partitionKey]: id },
      ConsistentRead: true,
    }),
  );
  return item;
}

/**
 * Strongly consistent reads in one call: at most 100 items and 16 MB, and under load fewer than
 * asked for. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
 */
export async function readItems(table: Table, ids: readonly string[]): Promise<readonly Item[]> {
  // DynamoDB refuses a call without a key, or with one twice.
  const Keys = [...new Set(ids)].map((id) => ({ [TABLE.partitionKey]: id }));
  if (Keys.length === 0) return [];
  const { Responses: responses } = await table.client.send(
    new BatchGetCommand({ RequestItems: { [table.name]: { Keys, ConsistentRead: true } } }),
  );
  return responses?.[table.name] ?? [];
}

/**
 * Does a conditional write that stores a fresh `writeToken`, and tells a lost race from a lost
 * reply: the SDK repeats a write that it heard nothing of, and the repetition fails the condition
 * that the write itself has made false.
 *
 *      I                          table                     another
 *      │  put if v7, token t  ──▶  v8, t
 *      │      ✗ reply lost   ◀──
 *      │  put if v7, token t  ──▶  condition failed
 *      │  consistent get      ──▶  v8, t: mine, I won
 *      ┆
 *      │                           v8, u               ◀── put if v7, token u
 *      │  put if v7, token t  ──▶  condition failed
 *      │  consistent get      ──▶  v8, u: I lost
 *
 * If another writes v9 between my write and the get, I take myself for the loser: then I decide
 * again on v9, which holds what I wrote.
 *
 * @returns the item as far as the write or the read tells it; undefined if another's write won
 */
export async function writeIf(
  table: Table,
  id: string,
  writeToken: string,
  write: () => Promise<{ Attributes?: Item | undefined }>,
): Promise<Item | undefined> {
  try {
    return (await write()).Attributes ?? {};
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const item = await readItem(table, id);
    return item?.writeToken === writeToken ? item : undefined;
  }
}

/**
 * Reads the JSON that an item keeps under `record`. As text it holds any number and any key that
 * JSON can, which DynamoDB's own numbers and maps do not, and its bytes are easily counted.
 *
 * @param what names the item in errors
 * @param newest the newest `schemaVersion` that the schema reads
 * @throws NewerSchemaError for an item of a newer version, whatever it looks like
 */
export function parseRecord<T>(what: string, item: Item, schema: z.ZodType<T>, newest: number): T {
  if (Number(item.schemaVersion) > newest) throw new NewerSchemaError(what, item.schemaVersion);
  try {
    return schema.parse(JSON.parse(String(item.record)));
  } catch (error) {
    throw new Error(`${what} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

const PAGE_ITEMS = 100;

export interface IndexQuery {
  readonly index: {
    readonly name: string;
    readonly partitionKey: string;
    readonly sortKey?: string;
  };
  readonly partition: string;
  /** Only items whose sort key is at or before this. */
  readonly until?: string;
  readonly cursor?: string | undefined;
  /** Items of a page, which has 1 MB at most. Default 100. */
  readonly pageItems?: number;
}

/** One page of an index's partition, in the order of its sort key. Eventually consistent. */
export async function queryIndex(table: Table, query: IndexQuery): Promise<IndexPage<Item>> {
  const { index, partition, until } = query;
  const bounded = index.sortKey !== undefined && until !== undefined;
  const result = await table.client.send(
    new QueryCommand({
      TableName: table.name,
      IndexName: index.name,
      KeyConditionExpression: `#partition = :partition${bounded ? ' AND #sort <= :until' : ''}`,
      ExpressionAttributeNames: {
        '#partition': index.partitionKey,
        ...(bounded ? { '#sort': index.sortKey } : {}),
      },
      ExpressionAttributeValues: {
        ':partition': partition,
        ...(bounded ? { ':until': until } : {}),
      },
      ExclusiveStartKey: startKey(query),
      Limit: query.pageItems ?? PAGE_ITEMS,
    }),
  );
  const last = result.LastEvaluatedKey;
  const cursor = last && Buffer.from(JSON.stringify(last)).toString('base64url');
  return { items: result.Items ?? [], cursor };
}

/**
 * The key that a cursor stands for. One that this query cannot start from, because it is broken,
 * of another partition, or past the end after a clock went back, starts at the beginning:
 * DynamoDB would refuse it, every time.
 */
function startKey({ index, partition, until, cursor }: IndexQuery): Item | undefined {
  const key = parseCursor(cursor);
  if (key?.[index.partitionKey] !== partition) return undefined;
  const names = [TABLE.partitionKey, index.partitionKey, ...(index.sortKey ? [index.sortKey] : [])];
  const texts = names.map((name) => key[name]);
  if (!texts.every((text) => typeof text === 'string' && text !== '')) return undefined;
  if (Object.keys(key).length !== names.length) return undefined;
  const sort = index.sortKey && key[index.sortKey];
  if (until !== undefined && typeof sort === 'string' && sort > until) return undefined;
  return key;
}

function parseCursor(cursor: string | undefined): Item | undefined {
  if (cursor === undefined) return undefined;
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return typeof key === 'object' && key !== null ? (key as Item) : undefined;
  } catch {
    return undefined;
  }
}
