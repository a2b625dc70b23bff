import { randomUUID } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb';
import type * as z from 'zod';
import { messageOf, NewerSchemaError, UnreadableRecordError } from '../batch/errors.ts';
import type { IndexPage } from '../batch/ports.ts';
import { TABLE } from '../config.ts';
import { omitUndefined } from '../omitUndefined.ts';

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
 * Strongly consistent reads in one call: at most 100 items and 16 MB. Under load DynamoDB returns
 * fewer. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
 */
export async function readItems(table: Table, ids: readonly string[]): Promise<readonly Item[]> {
  // DynamoDB refuses a call without keys or with a repeated key.
  const Keys = [...new Set(ids)].map((id) => ({ [TABLE.partitionKey]: id }));
  if (Keys.length === 0) return [];
  const { Responses: responses } = await table.client.send(
    new BatchGetCommand({ RequestItems: { [table.name]: { Keys, ConsistentRead: true } } }),
  );
  return responses?.[table.name] ?? [];
}

/**
 * Runs a conditional write that stores a fresh `writeToken`, and distinguishes a lost race from a
 * lost reply. The SDK repeats a write that got no reply, and the repetition fails the condition that
 * the first try has made false.
 *
 *   this writer                    table                   other writer
 *      │  put if v7, token t  ──▶  v8, t
 *      │      ✗ reply lost   ◀──
 *      │  put if v7, token t  ──▶  condition failed
 *      │  consistent get      ──▶  v8, t: this writer won
 *      ┆
 *      │                           v8, u               ◀── put if v7, token u
 *      │  put if v7, token t  ──▶  condition failed
 *      │  consistent get      ──▶  v8, u: this writer lost
 *
 * If the other writer writes v9 between this writer's put and its get, this writer counts as the
 * loser. It then decides again on v9, which includes what it wrote.
 *
 * @returns the item, as far as the write or the read returned it; undefined if this writer lost
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

/** An item that keeps a record as JSON and is only written over the version before. */
export interface VersionedItem extends Item {
  /** Rises by one with every write. */
  readonly version: number;
  readonly schemaVersion: number;
  /** The JSON text that {@link parseRecord} reads. */
  readonly record: string;
}

/** Precondition of a write: there is no item yet, it is still at the version before, or either. */
type Precondition = 'absent' | 'unchanged' | 'absentOrUnchanged';

const ABSENT = 'attribute_not_exists(#id)';
/** An item of a newer schema version is never overwritten. */
const UNCHANGED = '#version = :previousVersion AND #schemaVersion <= :schemaVersion';
const EXPRESSIONS: Readonly<Record<Precondition, string>> = {
  absent: ABSENT,
  unchanged: UNCHANGED,
  absentOrUnchanged: `${ABSENT} OR (${UNCHANGED})`,
};

/**
 * Writes a versioned item under a condition.
 *
 * @returns whether this write stands; also true if its reply was lost
 */
export async function putVersioned(
  table: Table,
  id: string,
  item: VersionedItem,
  precondition: Precondition,
): Promise<boolean> {
  const writeToken = randomUUID();
  const hasVersion = precondition !== 'absent';
  const command = new PutCommand({
    TableName: table.name,
    Item: { [TABLE.partitionKey]: id, writeToken, ...item },
    ConditionExpression: EXPRESSIONS[precondition],
    // DynamoDB refuses names and values that the expression does not use.
    ExpressionAttributeNames: omitUndefined({
      '#id': precondition === 'unchanged' ? undefined : TABLE.partitionKey,
      '#version': hasVersion ? 'version' : undefined,
      '#schemaVersion': hasVersion ? 'schemaVersion' : undefined,
    }),
    ...(hasVersion && {
      ExpressionAttributeValues: {
        ':previousVersion': item.version - 1,
        ':schemaVersion': item.schemaVersion,
      },
    }),
  });
  return (await writeIf(table, id, writeToken, () => table.client.send(command))) !== undefined;
}

/**
 * Parses the JSON that an item keeps under `record`. Text can hold every number and every key that
 * JSON has, unlike DynamoDB's own numbers and maps, and its bytes are easy to count.
 *
 * @param what names the item in errors
 * @param newest the newest `schemaVersion` that the schema reads
 * @param batchId of the record of a batch
 * @throws NewerSchemaError for an item of a newer version, whatever its record looks like
 * @throws UnreadableRecordError
 */
export function parseRecord<T>(
  what: string,
  item: Item,
  schema: z.ZodType<T>,
  newest: number,
  batchId?: string,
): T {
  if (Number(item.schemaVersion) > newest) throw new NewerSchemaError(what, item.schemaVersion);
  try {
    return schema.parse(JSON.parse(String(item.record)));
  } catch (error) {
    throw new UnreadableRecordError(what, error, batchId);
  }
}

/**
 * The JSON of a record that {@link parseRecord} reads back.
 *
 * @param what names the item in errors
 * @throws Error for a record that could not be read back
 */
export function recordJson<T>(what: string, schema: z.ZodType<T>, record: T): string {
  const parsed = schema.safeParse(record);
  if (parsed.success) return JSON.stringify(parsed.data);
  throw new Error(`${what} cannot be written: ${messageOf(parsed.error)}`);
}

const PAGE_ITEMS = 100;

export interface IndexQuery {
  readonly index: {
    readonly name: string;
    readonly partitionKey: string;
    readonly sortKey?: string;
  };
  readonly partition: string;
  /** The last sort key to include. Default: the partition's last. */
  readonly until?: string;
  readonly cursor?: string | undefined;
  /** Items per page, which holds 1 MB at most. Default 100. */
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
        ...(bounded && { '#sort': index.sortKey }),
      },
      ExpressionAttributeValues: { ':partition': partition, ...(bounded && { ':until': until }) },
      ExclusiveStartKey: startKey(query),
      Limit: query.pageItems ?? PAGE_ITEMS,
    }),
  );
  const last = result.LastEvaluatedKey;
  const cursor = last && Buffer.from(JSON.stringify(last)).toString('base64url');
  return { items: result.Items ?? [], cursor };
}

/**
 * The key that a cursor stands for. A cursor from which this query cannot start (it is malformed, of
 * another partition, or past the end after a clock went back) starts at the beginning, because
 * DynamoDB would refuse it every time.
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
