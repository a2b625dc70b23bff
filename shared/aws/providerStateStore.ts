import { randomUUID } from 'node:crypto';
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { TABLE } from '../config.ts';
import {
  PROVIDER_STATE_SCHEMA_VERSION,
  type ProviderStateStore,
  providerStateSchema,
} from '../quota/providerState.ts';
import { parseRecord, queryIndex, readItem, type Table, writeIf } from './table.ts';

/** The partition of the `due` index that names every provider entry ever used. */
const PROVIDERS = 'providers';

const VERSION_UNCHANGED =
  'attribute_not_exists(#id) OR (#version = :previousVersion AND #schemaVersion <= :schemaVersion)';

/** What is known of the providers, in the table of batches. */
export function realProviderStateStore(
  client: DynamoDBDocumentClient,
  tableName: string,
): ProviderStateStore {
  const table: Table = { client, name: tableName };
  const { partitionKey, sortKey } = TABLE.dueIndex;
  return {
    async get(provider) {
      const item = await readItem(table, itemId(provider));
      if (!item) return { schemaVersion: PROVIDER_STATE_SCHEMA_VERSION, provider, version: 0 };
      const what = `provider ${provider}`;
      return parseRecord(what, item, providerStateSchema, PROVIDER_STATE_SCHEMA_VERSION);
    },
    async replace(state) {
      const writeToken = randomUUID();
      const command = new PutCommand({
        TableName: tableName,
        Item: {
          [TABLE.partitionKey]: itemId(state.provider),
          schemaVersion: PROVIDER_STATE_SCHEMA_VERSION,
          version: state.version,
          writeToken,
          record: JSON.stringify(state),
          [partitionKey]: PROVIDERS,
          [sortKey]: state.provider,
        },
        ConditionExpression: VERSION_UNCHANGED,
        ExpressionAttributeNames: {
          '#id': TABLE.partitionKey,
          '#version': 'version',
          '#schemaVersion': 'schemaVersion',
        },
        ExpressionAttributeValues: {
          ':previousVersion': state.version - 1,
          ':schemaVersion': PROVIDER_STATE_SCHEMA_VERSION,
        },
      });
      const id = itemId(state.provider);
      const won = await writeIf(table, id, writeToken, () => client.send(command));
      return won === undefined ? 'conflict' : 'written';
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
