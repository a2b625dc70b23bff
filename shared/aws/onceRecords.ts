import { randomUUID } from 'node:crypto';
import { DeleteCommand, type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Webhooks } from '../batch/webhook.ts';
import { TABLE } from '../config.ts';
import { readItem, type Table, writeIf } from './table.ts';

/** Longer than any delivery can be repeated. */
const KEEP_SECONDS = 90 * 24 * 60 * 60;

const CLAIMABLE = 'attribute_not_exists(#id) OR (#state = :inProgress AND #leaseUntil <= :now)';
const HOLDS_CLAIM = '#writeToken = :token';

/** Whether the effect of one delivery has happened: `once#<deliveryId>` in the table of batches. */
export interface EffectRecord {
  /** Resolves to false if the effect has happened or another invocation has the claim. Times in milliseconds since 1970. */
  claim(token: string, now: number, leaseUntil: number): Promise<boolean>;
  /** Resolves to undefined if the effect has not happened and no invocation has the claim. */
  read(): Promise<'done' | { readonly leaseUntil: number } | undefined>;
  /** @throws Error if another invocation has taken over the claim */
  finish(token: string, now: number): Promise<void>;
  /** @throws Error if another invocation has taken over the claim */
  release(token: string): Promise<void>;
}

export function realEffectRecord(
  client: DynamoDBDocumentClient,
  tableName: string,
  deliveryId: string,
): EffectRecord {
  const table: Table = { client, name: tableName };
  const id = `${TABLE.oncePrefix}${deliveryId}`;
  const item = (now: number, attributes: { state: string; writeToken: string }) => ({
    [TABLE.partitionKey]: id,
    [TABLE.timeToLive]: Math.ceil(now / 1000) + KEEP_SECONDS,
    ...attributes,
  });
  return {
    async claim(token, now, leaseUntil) {
      const command = new PutCommand({
        TableName: tableName,
        Item: { ...item(now, { state: 'inProgress', writeToken: token }), leaseUntil },
        ConditionExpression: CLAIMABLE,
        ExpressionAttributeNames: {
          '#id': TABLE.partitionKey,
          '#state': 'state',
          '#leaseUntil': 'leaseUntil',
        },
        ExpressionAttributeValues: { ':inProgress': 'inProgress', ':now': now },
      });
      return (await writeIf(table, id, token, () => client.send(command))) !== undefined;
    },
    async read() {
      const found = await readItem(table, id);
      if (!found) return undefined;
      return found.state === 'done' ? 'done' : { leaseUntil: Number(found.leaseUntil) };
    },
    // The SDK may repeat both after a lost reply: `finish` leaves the token, and `release` no item.
    async finish(token, now) {
      await client.send(
        new PutCommand({
          TableName: tableName,
          Item: item(now, { state: 'done', writeToken: token }),
          ConditionExpression: HOLDS_CLAIM,
          ExpressionAttributeNames: { '#writeToken': 'writeToken' },
          ExpressionAttributeValues: { ':token': token },
        }),
      );
    },
    async release(token) {
      await client.send(
        new DeleteCommand({
          TableName: tableName,
          Key: { [TABLE.partitionKey]: id },
          ConditionExpression: `attribute_not_exists(#id) OR ${HOLDS_CLAIM}`,
          ExpressionAttributeNames: { '#id': TABLE.partitionKey, '#writeToken': 'writeToken' },
          ExpressionAttributeValues: { ':token': token },
        }),
      );
    },
  };
}

/** OpenAI repeats a webhook for 72 hours until it is accepted; a signature is valid for minutes. */
const WEBHOOK_REGISTER_KEEP_SECONDS = 4 * 24 * 60 * 60;

/** The webhooks that have arrived: `webhook#<entry>#<webhook id>` in the table of batches. */
export function realWebhookRegister(
  client: DynamoDBDocumentClient,
  tableName: string,
): Webhooks['register'] {
  const table: Table = { client, name: tableName };
  return async (entry, id, now) => {
    const key = `${TABLE.webhookPrefix}${entry}#${id}`;
    const writeToken = randomUUID();
    const command = new PutCommand({
      TableName: tableName,
      Item: {
        [TABLE.partitionKey]: key,
        [TABLE.timeToLive]: Math.ceil(now / 1000) + WEBHOOK_REGISTER_KEEP_SECONDS,
        writeToken,
      },
      ConditionExpression: 'attribute_not_exists(#id)',
      ExpressionAttributeNames: { '#id': TABLE.partitionKey },
    });
    return (await writeIf(table, key, writeToken, () => client.send(command))) !== undefined;
  };
}
