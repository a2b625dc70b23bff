import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { SweepCursors, SweepLock } from '../batch/ports.ts';
import { TABLE } from '../config.ts';
import { readItem, type Table, writeIf } from './table.ts';

const ID = 'lock#sweep';
const LEASE_EXPIRED = 'attribute_not_exists(#leaseUntil) OR #leaseUntil <= :now';
const HOLDS_LEASE = '#writeToken = :token';

/** The sweep's lease: one item in the table of batches. */
export function realSweepLock(client: DynamoDBDocumentClient, tableName: string): SweepLock {
  const table: Table = { client, name: tableName };
  const item = { TableName: tableName, Key: { [TABLE.partitionKey]: ID } };
  return {
    async acquire(token, now, leaseUntil) {
      const command = new UpdateCommand({
        ...item,
        UpdateExpression: 'SET #writeToken = :token, #leaseUntil = :leaseUntil',
        ConditionExpression: LEASE_EXPIRED,
        ExpressionAttributeNames: { '#writeToken': 'writeToken', '#leaseUntil': 'leaseUntil' },
        ExpressionAttributeValues: { ':token': token, ':leaseUntil': leaseUntil, ':now': now },
        ReturnValues: 'ALL_NEW',
      });
      const held = await writeIf(table, ID, token, () => client.send(command));
      return held && cursorsOf(held.cursors);
    },
    async release(token, cursors, now) {
      const command = new UpdateCommand({
        ...item,
        UpdateExpression: 'SET #cursors = :cursors, #sweptAt = :now REMOVE #leaseUntil',
        ConditionExpression: HOLDS_LEASE,
        ExpressionAttributeNames: {
          '#writeToken': 'writeToken',
          '#leaseUntil': 'leaseUntil',
          '#cursors': 'cursors',
          '#sweptAt': 'sweptAt',
        },
        ExpressionAttributeValues: { ':token': token, ':cursors': cursors, ':now': now },
      });
      try {
        await client.send(command);
      } catch (error) {
        // The lease has expired and another sweep has taken it, with cursors of its own.
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },
  };
}

/** When the last sweep ended, in milliseconds since 1970; undefined before the first. */
export async function lastSweepAt(
  client: DynamoDBDocumentClient,
  tableName: string,
): Promise<number | undefined> {
  const item = await readItem({ client, name: tableName }, ID);
  return typeof item?.sweptAt === 'number' ? item.sweptAt : undefined;
}

function cursorsOf(stored: unknown): SweepCursors {
  if (typeof stored !== 'object' || stored === null) return {};
  return Object.fromEntries(Object.entries(stored).filter(([, text]) => typeof text === 'string'));
}
