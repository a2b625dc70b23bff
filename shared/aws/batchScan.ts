import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { TABLE } from '../config.ts';
import { batchItemId } from './batchItem.ts';
import type { Item, Table } from './table.ts';

export interface ScanFilter {
  readonly statuses?: readonly string[] | undefined;
  readonly provider?: string | undefined;
  /** Only batches that are not in the `created` index. */
  readonly isUnindexed?: boolean | undefined;
}

/**
 * Pages of all batches that pass the filter, in no order, without parts. Every scan reads the whole
 * table, and is charged for it, whatever the filter: 1 MB per call, `segments` calls at a time.
 */
export async function* scanBatches(
  table: Table,
  filter: ScanFilter,
  segments: number,
): AsyncGenerator<readonly Item[]> {
  const query = scanQuery(table, filter);
  const read = async (segment: Segment) => {
    const { Items: items = [], LastEvaluatedKey } = await table.client.send(
      new ScanCommand({
        ...query,
        Segment: segment.number,
        TotalSegments: segments,
        ExclusiveStartKey: segment.startKey,
      }),
    );
    return { segment, items, startKey: LastEvaluatedKey };
  };
  const reads = new Map<number, ReturnType<typeof read>>();
  const start = (segment: Segment): void => {
    const reading = read(segment);
    // The race below throws its failure.
    reading.catch(() => {});
    reads.set(segment.number, reading);
  };
  for (let number = 0; number < segments; number++) start({ number, startKey: undefined });
  while (reads.size > 0) {
    const { segment, items, startKey } = await Promise.race(reads.values());
    reads.delete(segment.number);
    if (startKey !== undefined) start({ number: segment.number, startKey });
    if (items.length > 0) yield items;
  }
}

interface Segment {
  readonly number: number;
  readonly startKey: Item | undefined;
}

function scanQuery(table: Table, { statuses, provider, isUnindexed }: ScanFilter) {
  const names: Record<string, string> = { '#id': TABLE.partitionKey };
  const values: Record<string, string> = { ':batch': batchItemId(''), ':part': '/' };
  const conditions = ['begins_with(#id, :batch)', 'NOT contains(#id, :part)'];
  if (statuses !== undefined) {
    const placeholders = statuses.map((_, index) => `:status${index}`);
    for (const [index, status] of statuses.entries()) values[`:status${index}`] = status;
    conditions.push(`#status IN (${placeholders.join(', ')})`);
    names['#status'] = 'status';
  }
  if (isUnindexed) {
    conditions.push('attribute_not_exists(#month)');
    names['#month'] = TABLE.createdIndex.partitionKey;
  }
  if (provider !== undefined) {
    conditions.push('#provider = :provider');
    names['#provider'] = 'provider';
    values[':provider'] = provider;
  }
  return {
    TableName: table.name,
    FilterExpression: conditions.join(' AND '),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}
