import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { TABLE } from '../config.ts';
import { batchIdOf, batchItemId, createdMonth, timeKey } from './batchItem.ts';
import { SWEEP_LOCK_ID } from './sweepStores.ts';
import { type Item, readItem, type Table } from './table.ts';

/** A place in the list of batches, newest first: right after a batch, or before a time. */
export interface CreatedPlace {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Absent: everything created before that time follows. */
  readonly batchId?: string | undefined;
}

export interface CreatedQuery {
  /** Batches created at or after this time, in milliseconds since 1970. */
  readonly from: number;
  readonly statuses?: readonly string[] | undefined;
  readonly provider?: string | undefined;
  /** Entries to read, of which those that do not pass the filter are left out. */
  readonly limit: number;
}

export interface CreatedPage {
  readonly items: readonly (CreatedPlace & { readonly batchId: string })[];
  /** Where the next page begins. Absent on the last page. */
  readonly next?: CreatedPlace | undefined;
  /** Set if the table has no such index yet. */
  readonly isMissing?: true;
}

/**
 * One page of the batches in order of their creation, the newest first, by one query. The index is
 * eventually consistent. Each month is a partition; a page ends where a month does.
 */
export async function listCreated(
  { client, name }: Table,
  { from, statuses, provider, limit }: CreatedQuery,
  after: CreatedPlace,
): Promise<CreatedPage> {
  const { createdIndex } = TABLE;
  const latest = after.batchId === undefined ? after.createdAt - 1 : after.createdAt;
  if (latest < from) return { items: [] };
  const month = createdMonth(latest);
  const query = new QueryCommand({
    TableName: name,
    IndexName: createdIndex.name,
    KeyConditionExpression: '#month = :month AND #at BETWEEN :from AND :until',
    ...filterOf(statuses, provider, {
      names: { '#month': createdIndex.partitionKey, '#at': createdIndex.sortKey },
      values: { ':month': month, ':from': timeKey(from), ':until': timeKey(latest) },
    }),
    ScanIndexForward: false,
    ExclusiveStartKey: after.batchId === undefined ? undefined : keyOf(after, after.batchId),
    Limit: limit,
  });
  try {
    const { Items: items = [], LastEvaluatedKey: last } = await client.send(query);
    const monthStart = Date.parse(`${month}-01T00:00:00Z`);
    const before = monthStart > from ? { createdAt: monthStart } : undefined;
    return { items: items.map(placeOf), next: last ? placeOf(last) : before };
  } catch (error) {
    if (isIndexMissing(error)) return { items: [], isMissing: true };
    throw error;
  }
}

function placeOf(item: Item): CreatedPage['items'][number] {
  return { createdAt: Number(item[TABLE.createdIndex.sortKey]), batchId: batchIdOf(item) };
}

function keyOf({ createdAt }: CreatedPlace, batchId: string): Item {
  const { partitionKey, sortKey } = TABLE.createdIndex;
  return {
    [TABLE.partitionKey]: batchItemId(batchId),
    [partitionKey]: createdMonth(createdAt),
    [sortKey]: timeKey(createdAt),
  };
}

function filterOf(
  statuses: readonly string[] | undefined,
  provider: string | undefined,
  { names, values }: { names: Record<string, string>; values: Record<string, string> },
) {
  const conditions: string[] = [];
  if (statuses !== undefined) {
    for (const [index, status] of statuses.entries()) values[`:status${index}`] = status;
    conditions.push(`#status IN (${statuses.map((_, index) => `:status${index}`).join(', ')})`);
    names['#status'] = 'status';
  }
  if (provider !== undefined) {
    conditions.push('#provider = :provider');
    names['#provider'] = 'provider';
    values[':provider'] = provider;
  }
  return {
    ...(conditions.length > 0 && { FilterExpression: conditions.join(' AND ') }),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}

/** The stack was not deployed since the index exists, or the index is just being made. */
function isIndexMissing(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === 'ValidationException' &&
    /does not have the specified index|backfilling/i.test(error.message)
  );
}

/**
 * Since when every new batch is in the index, in milliseconds since 1970. Undefined before the first
 * sweep of a version that has it.
 */
export async function indexedSince(table: Table): Promise<number | undefined> {
  const item = await readItem(table, SWEEP_LOCK_ID);
  return typeof item?.indexedSince === 'number' ? item.indexedSince : undefined;
}
