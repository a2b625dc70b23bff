import { randomUUID } from 'node:crypto';
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Webhooks } from '../batch/webhookPorts.ts';
import { TABLE } from '../config.ts';
import { type Table, writeIf } from './table.ts';

/** OpenAI goes on sending one that was not taken for 72 hours; its signature is good for minutes. */
const KEEP_SECONDS = 4 * 24 * 60 * 60;

/** Which webhooks have come: `webhook#<entry>#<webhook id>` in the table of batches. */
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
        [TABLE.timeToLive]: Math.ceil(now / 1000) + KEEP_SECONDS,
        writeToken,
      },
      ConditionExpression: 'attribute_not_exists(#id)',
      ExpressionAttributeNames: { '#id': TABLE.partitionKey },
    });
    return (await writeIf(table, key, writeToken, () => client.send(command))) !== undefined;
  };
}
