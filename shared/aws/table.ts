import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
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
