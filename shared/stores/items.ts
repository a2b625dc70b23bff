import { randomUUID } from 'node:crypto';
import type * as z from 'zod';
import { messageOf, NewerSchemaError, UnreadableRecordError } from '../batch/errors.ts';
import type { IndexPage } from '../batch/ports.ts';
import { TABLE } from '../config.ts';
import {
  type Condition,
  INDEXES,
  type IndexName,
  type IndexPosition,
  type Item,
  type ItemTable,
  type WhereValues,
  type WrittenItem,
} from './itemTable.ts';

/** What every store does with items: conditional writes, records as JSON, pages of an index by cursors. */

/**
 * Puts an item under a condition, and distinguishes a lost race from a lost reply. A table repeats a
 * write that got no reply, and the repetition fails the condition that the first try has made false.
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
 * @returns whether this write stands
 */
export async function putIf(
  table: ItemTable,
  item: WrittenItem,
  condition: Condition,
): Promise<boolean> {
  if (await table.put(item, condition)) return true;
  const stored = await table.get(item.id);
  return stored?.writeToken === item.writeToken;
}

/** An item that keeps a record as JSON and is only written over the version before. */
export interface VersionedItem extends Item {
  /** Rises by one with every write. */
  readonly version: number;
  readonly schemaVersion: number;
  /** The JSON text that {@link parseRecord} reads. */
  readonly record: string;
}

/**
 * Writes a versioned item if there is none yet, over the version before, or either. An item of a newer
 * schema version is never overwritten.
 *
 * @returns whether this write stands; also true if its reply was lost
 */
export function putVersioned(
  table: ItemTable,
  item: VersionedItem,
  precondition: 'absent' | 'unchanged' | 'absentOrUnchanged',
): Promise<boolean> {
  const { version, schemaVersion } = item;
  const orAbsent = precondition === 'absentOrUnchanged';
  const condition: Condition =
    precondition === 'absent'
      ? { is: 'absent' }
      : { is: 'version', version: version - 1, schemaVersion, orAbsent };
  return putIf(table, { ...item, writeToken: randomUUID() }, condition);
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

/** Items per page, unless a query says otherwise. */
const PAGE_ITEMS = 100;

export interface PageQuery {
  readonly index: IndexName;
  readonly partition: string;
  /** The last sort key to include. Default: the partition's last. */
  readonly until?: string | undefined;
  /** From the page before. Default: the first page. */
  readonly cursor?: string | undefined;
  /** Only items with one of these values of an attribute that the index projects. */
  readonly where?: WhereValues | undefined;
  /** Items per page at most, of all that are read. Default 100. */
  readonly limit?: number | undefined;
}

/** One page of an index's partition, in the order of its sort key. Eventually consistent. */
export async function queryPage(table: ItemTable, query: PageQuery): Promise<IndexPage<Item>> {
  const { index, partition, until, where, limit = PAGE_ITEMS } = query;
  const after = positionOf(query);
  const { items, last } = await table.query({ index, partition, until, where, after, limit });
  return { items, cursor: last && cursorOf(query, last) };
}

/** A cursor is the keys of the last item of a page, as JSON in base64url. */
function cursorOf({ index, partition }: PageQuery, { id, sortKey }: IndexPosition): string {
  const key = indexKeys(index);
  const keys = {
    [TABLE.partitionKey]: id,
    [key.partitionKey]: partition,
    ...(key.sortKey !== undefined && { [key.sortKey]: sortKey }),
  };
  return Buffer.from(JSON.stringify(keys)).toString('base64url');
}

/**
 * The position that a cursor stands for. A cursor from which this query cannot start (it is malformed,
 * of another partition, or past the end after a clock went back) starts at the beginning, because the
 * table would refuse it every time.
 */
function positionOf({ index, partition, until, cursor }: PageQuery): IndexPosition | undefined {
  const keys = parseCursor(cursor);
  const { partitionKey, sortKey: sortName } = indexKeys(index);
  if (keys?.[partitionKey] !== partition) return undefined;
  const names = [TABLE.partitionKey, partitionKey, ...(sortName === undefined ? [] : [sortName])];
  if (Object.keys(keys).length !== names.length) return undefined;
  const id = textIn(keys, TABLE.partitionKey);
  if (id === undefined) return undefined;
  if (sortName === undefined) return { id };
  const sortKey = textIn(keys, sortName);
  if (sortKey === undefined || (until !== undefined && sortKey > until)) return undefined;
  return { id, sortKey };
}

function textIn(keys: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = keys[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function parseCursor(cursor: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (cursor === undefined) return undefined;
  try {
    const keys: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return typeof keys === 'object' && keys !== null ? { ...keys } : undefined;
  } catch {
    return undefined;
  }
}

/** The names of an index's keys. */
function indexKeys(index: IndexName): { partitionKey: string; sortKey?: string } {
  return INDEXES[index];
}
