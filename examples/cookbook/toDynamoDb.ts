import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { answerText, defineProcessor, groupsOf } from 'batch-handler/processor';

const TableName = process.env.ANSWERS_TABLE;
/** Each is a request of its own: the SDK repeats those that are throttled. */
const WRITES_AT_A_TIME = 50;

const table = DynamoDBDocumentClient.from(new DynamoDBClient());

/** An item per request, by its `custom_id`: a delivery that comes again writes the same items. */
export const handler = defineProcessor(async (batch) => {
  const { batchId } = batch;
  for await (const rows of groupsOf(batch.rows(), WRITES_AT_A_TIME)) {
    const items = rows.map((row) =>
      'error' in row
        ? { customId: row.customId, batchId, error: row.error }
        : { customId: row.customId, batchId, answer: answerText(row.response.body) },
    );
    await Promise.all(items.map((Item) => table.send(new PutCommand({ TableName, Item }))));
  }
});
