import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { TABLE } from '../config.ts';
import {
  PROVIDER_STATE_SCHEMA_VERSION,
  type ProviderStateStore,
  providerStateSchema,
} from '../quota/providerState.ts';
import { parseRecord, putVersioned, queryIndex, readItem, type Table } from './table.ts';

/** The partition of the `due` index that names every provider entry ever used. */
const PROVIDERS = 'providers';

/** The states of the provider entries, in the table of batches: `provider#<entry>`. */
export function realProviderStateStore(
  client: DynamoDBDocumentClient,
  tableName: string,
): ProviderStateStore {
  const table: Table = { client, name: tableName };
  const { partitionKey, sortKey } = TABLE.dueIndex;
  return {
    async get(provider) {
      const item = await readItem(table, stateItemId(provider));
      if (!item) return { schemaVersion: PROVIDER_STATE_SCHEMA_VERSION, provider, version: 0 };
      const what = `provider ${provider}`;
      return parseRecord(what, item, providerStateSchema, PROVIDER_STATE_SCHEMA_VERSION);
    },
    async replace(state) {
      const item = {
        schemaVersion: PROVIDER_STATE_SCHEMA_VERSION,
        version: state.version,
        record: JSON.stringify(state),
        [partitionKey]: PROVIDERS,
        [sortKey]: state.provider,
      };
      const won = await putVersioned(table, stateItemId(state.provider), item, 'absentOrUnchanged');
      return won ? 'written' : 'conflict';
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

function stateItemId(provider: string): string {
  return `provider#${provider}`;
}
