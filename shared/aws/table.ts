import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/lib-dynamodb';
import { IndexMissingError, type Item, type ItemTable } from '../stores/itemTable.ts';
import { expressionOf, keyOf, positionOf, queryInput, scanInput } from './tableInputs.ts';

/** Calls that read a table at the same time in a scan. */
const SEGMENTS = 4;

/** The handler's DynamoDB table. The client repeats calls that fail or get no reply in time. */
export function dynamoTable(client: DynamoDBDocumentClient, name: string): ItemTable {
  return {
    async get(id) {
      const { Item: item } = await client.send(
        new GetCommand({ TableName: name, Key: keyOf(id), ConsistentRead: true }),
      );
      return item as Item | undefined;
    },
    // At most 100 items and 16 MB a call; under load DynamoDB returns fewer.
    // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
    async getMany(ids) {
      // DynamoDB refuses a call without keys or with a repeated key.
      const Keys = [...new Set(ids)].map(keyOf);
      if (Keys.length === 0) return [];
      const { Responses: responses } = await client.send(
        new BatchGetCommand({ RequestItems: { [name]: { Keys, ConsistentRead: true } } }),
      );
      return (responses?.[name] ?? []) as Item[];
    },
    put: (item, condition) =>
      held(
        client.send(new PutCommand({ TableName: name, Item: item, ...expressionOf(condition) })),
      ),
    remove: (id, writeToken) =>
      held(
        client.send(
          new DeleteCommand({
            TableName: name,
            Key: keyOf(id),
            ...expressionOf({ is: 'token', writeToken }),
          }),
        ),
      ),
    async query(query) {
      // DynamoDB refuses a range that is empty.
      if ((query.from ?? '') > (query.until ?? query.from ?? '')) return { items: [] };
      try {
        const { Items: items = [], LastEvaluatedKey: last } = await client.send(
          new QueryCommand({ TableName: name, ...queryInput(query) }),
        );
        return { items: items as Item[], last: last && positionOf(query, last) };
      } catch (error) {
        if (isIndexMissing(error)) throw new IndexMissingError(query.index, { cause: error });
        throw error;
      }
    },
    scan: (filter) => scanned(client, { TableName: name, ...scanInput(filter) }),
  };
}

/** Whether the condition of a write held. */
async function held(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** The stack was not deployed since the index exists, or the index is just being made. */
function isIndexMissing(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === 'ValidationException' &&
    /does not have the specified index|backfilling/i.test(error.message)
  );
}

/** Every scan reads the whole table, and is charged for it, whatever the filter: 1 MB per call. */
async function* scanned(
  client: DynamoDBDocumentClient,
  input: ReturnType<typeof scanInput> & { readonly TableName: string },
): AsyncGenerator<readonly Item[]> {
  const read = async (segment: Segment) => {
    const { Items: items = [], LastEvaluatedKey } = await client.send(
      new ScanCommand({
        ...input,
        Segment: segment.number,
        TotalSegments: SEGMENTS,
        ExclusiveStartKey: segment.startKey,
      }),
    );
    return { segment, items: items as Item[], startKey: LastEvaluatedKey };
  };
  const reads = new Map<number, ReturnType<typeof read>>();
  const start = (segment: Segment): void => {
    const reading = read(segment);
    // The race below throws its failure.
    reading.catch(() => {});
    reads.set(segment.number, reading);
  };
  for (let number = 0; number < SEGMENTS; number++) start({ number, startKey: undefined });
  while (reads.size > 0) {
    const { segment, items, startKey } = await Promise.race(reads.values());
    reads.delete(segment.number);
    if (startKey !== undefined) start({ number: segment.number, startKey });
    if (items.length > 0) yield items;
  }
}

interface Segment {
  readonly number: number;
  readonly startKey: Record<string, unknown> | undefined;
}
