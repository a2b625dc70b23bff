import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { defineProcessor } from 'batch-handler/processor';

const TableName = process.env.ANSWERS_TABLE;
const table = DynamoDBDocumentClient.from(new DynamoDBClient());

/** Counts how often each request was answered: an effect that must not happen twice. */
export const handler = defineProcessor(
  async (batch) => {
    for await (const { customId, response } of batch.results()) {
      await table.send(
        new UpdateCommand({
          TableName,
          Key: { customId },
          UpdateExpression: 'SET answer = :answer ADD answers :one',
          ExpressionAttributeValues: { ':answer': response.body, ':one': 1 },
        }),
      );
    }
  },
  { once: true },
);
