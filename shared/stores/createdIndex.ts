import { TABLE } from '../config.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { batchIdOf, batchItemId } from './batchItem.ts';
import { createdMonth, timeKey } from './indexKeys.ts';
import { IndexMissingError, type IndexPosition, type ItemTable } from './itemTable.ts';

/** A place in the list of batches, newest first: right after a batch, or before a time. */
export interface CreatedPlace {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Absent: everything created before that time follows. */
  readonly batchId?: string | undefined;
}

/** The clock that a batch was created by may be ahead of the reader's: a list begins so far ahead of now. */
export const AHEAD_MS = 24 * 60 * 60_000;

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
  table: ItemTable,
  { from, statuses, provider, limit }: CreatedQuery,
  after: CreatedPlace,
): Promise<CreatedPage> {
  const latest = after.batchId === undefined ? after.createdAt - 1 : after.createdAt;
  if (latest < from) return { items: [] };
  const month = createdMonth(latest);
  try {
    const { items, last } = await table.query({
      index: 'created',
      partition: month,
      from: timeKey(from),
      until: timeKey(latest),
      isDescending: true,
      where: omitUndefined({
        status: statuses,
        provider: provider === undefined ? undefined : [provider],
      }),
      after: after.batchId === undefined ? undefined : positionOf(after.createdAt, after.batchId),
      limit,
    });
    const places = items.map(({ id, [TABLE.createdIndex.sortKey]: sortKey }) =>
      placeOf({ id, sortKey: String(sortKey) }),
    );
    const monthStart = Date.parse(`${month}-01T00:00:00Z`);
    const before = monthStart > from ? { createdAt: monthStart } : undefined;
    return { items: places, next: last ? placeOf(last) : before };
  } catch (error) {
    if (error instanceof IndexMissingError) return { items: [], isMissing: true };
    throw error;
  }
}

function placeOf({ id, sortKey }: IndexPosition): CreatedPage['items'][number] {
  return { createdAt: Number(sortKey), batchId: batchIdOf({ id }) };
}

function positionOf(createdAt: number, batchId: string): IndexPosition {
  return { id: batchItemId(batchId), sortKey: timeKey(createdAt) };
}
