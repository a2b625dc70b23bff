import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Page } from '../batch/ports.ts';
import { TABLE } from '../config.ts';
import type { Item, Table } from './table.ts';

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
export async function queryIndex(table: Table, query: IndexQuery): Promise<Page<Item>> {
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
