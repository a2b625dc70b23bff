import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { SCHEMA_VERSION } from '../batch/batch.ts';
import { NewerSchemaError } from '../batch/errors.ts';
import type { ProviderStateStore } from '../batch/ports.ts';
import { providerStateSchema } from '../batch/providerState.ts';
import { TABLE } from '../config.ts';
import { queryIndex } from './indexQuery.ts';
import { parseRecord } from './record.ts';
import { readItem, type Table } from './table.ts';

/** The partition of the `due` index that names every provider entry ever used. */
const PROVIDERS = 'providers';

/** What is known of the providers, in the table of batches. The last write wins: a hold is advice. */
export function realProviderStateStore(
  client: DynamoDBDocumentClient,
  tableName: string,
): ProviderStateStore {
  const table: Table = { client, name: tableName };
  const { partitionKey, sortKey } = TABLE.dueIndex;
  return {
    async get(provider) {
      const item = await readItem(table, itemId(provider));
      if (!item) return { schemaVersion: SCHEMA_VERSION, provider };
      return parseRecord(`provider ${provider}`, item, providerStateSchema);
    },
    async put(state) {
      const command = new PutCommand({
        TableName: tableName,
        Item: {
          [TABLE.partitionKey]: itemId(state.provider),
          schemaVersion: SCHEMA_VERSION,
          record: JSON.stringify(state),
          [partitionKey]: PROVIDERS,
          [sortKey]: state.provider,
        },
        ConditionExpression: 'attribute_not_exists(#id) OR #schemaVersion <= :schemaVersion',
        ExpressionAttributeNames: { '#id': TABLE.partitionKey, '#schemaVersion': 'schemaVersion' },
        ExpressionAttributeValues: { ':schemaVersion': SCHEMA_VERSION },
      });
      try {
        await client.send(command);
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        throw new NewerSchemaError(`provider ${state.provider}`, `over ${SCHEMA_VERSION}`);
      }
    },
    async list() {
      const names: string[] = [];
      let cursor: string | undefined;
      do {
        const query = { index: TABLE.dueIndex, partition: PROVIDERS, cursor };
        const page = await queryIndex(table, query);
        names.push(...page.items.map((item) => String(item[sortKey])));
        cursor = page.cursor;
      } while (cursor !== undefined);
      return names;
    },
  };
}

function itemId(provider: string): string {
  return `provider#${provider}`;
}
