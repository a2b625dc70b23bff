import { createHash } from 'node:crypto';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { RequestName, RequestRegister } from '../batch/collectorPorts.ts';
import { TABLE } from '../config.ts';
import { type Item, readItem } from './table.ts';

/**
 * At least this long after a request was joined may its message come back: SQS keeps it for 14
 * days, and those in a dead-letter queue for 14 more when somebody moves them back.
 */
const MIN_KEEP_SECONDS = 30 * 24 * 60 * 60;

/** The key of a request's item: `request#` and the hash of its provider entry and `custom_id`. */
export function requestItemId({ provider, customId }: RequestName): string {
  const hash = createHash('sha256').update(`${provider}\n${customId}`).digest('hex');
  return TABLE.requestPrefix + hash;
}

/** @param keepSeconds how long a request's batch may be asked for: at least 30 days */
export function realRequestRegister(
  client: DynamoDBDocumentClient,
  tableName: string,
  { keepSeconds }: { readonly keepSeconds: number },
): RequestRegister {
  return {
    async claim(name, { batchId, position, digest }, now) {
      // Each keeps what it has: whoever comes first, and also whoever comes again, reads the same.
      const command = new UpdateCommand({
        TableName: tableName,
        Key: { [TABLE.partitionKey]: requestItemId(name) },
        UpdateExpression:
          'SET #batchId = if_not_exists(#batchId, :batchId), #position = if_not_exists(#position, :position), #digest = if_not_exists(#digest, :digest), #expiresAt = if_not_exists(#expiresAt, :expiresAt)',
        ExpressionAttributeNames: {
          '#batchId': 'batchId',
          '#position': 'position',
          '#digest': 'digest',
          '#expiresAt': TABLE.timeToLive,
        },
        ExpressionAttributeValues: {
          ':batchId': batchId,
          ':position': position,
          ':digest': digest,
          ':expiresAt': Math.ceil(now / 1000) + Math.max(keepSeconds, MIN_KEEP_SECONDS),
        },
        ReturnValues: 'ALL_NEW',
      });
      const { Attributes: item = {} } = await client.send(command);
      return {
        batchId: textOf(item, 'batchId'),
        position: textOf(item, 'position'),
        digest: textOf(item, 'digest'),
      };
    },
  };
}

/** The batch that a request is in; undefined before its window is joined, and once it is forgotten. */
export async function readRequestBatch(
  client: DynamoDBDocumentClient,
  tableName: string,
  name: RequestName,
): Promise<string | undefined> {
  const item = await readItem({ client, name: tableName }, requestItemId(name));
  return item && textOf(item, 'batchId');
}

function textOf(item: Item, name: string): string {
  const value = item[name];
  if (typeof value === 'string') return value;
  throw new Error(`the item of a gathered request has no ${name}`);
}
