import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { SweepCursors, SweepLock } from '../batch/ports.ts';
import { TABLE } from '../config.ts';
import {
  PROVIDER_STATE_SCHEMA_VERSION,
  type ProviderStateStore,
  providerStateSchema,
} from '../quota/providerState.ts';
import {
  type Item,
  parseRecord,
  putVersioned,
  queryIndex,
  readItem,
  recordJson,
  type Table,
  writeIf,
} from './table.ts';

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
        record: recordJson(`provider ${state.provider}`, providerStateSchema, state),
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

/** Id of the item of the sweep's lease. */
export const SWEEP_LOCK_ID = 'lock#sweep';
const LEASE_EXPIRED = 'attribute_not_exists(#leaseUntil) OR #leaseUntil <= :now';
const HOLDS_LEASE = '#writeToken = :token';

/** The sweep's lease: one item in the table of batches. */
export function realSweepLock(client: DynamoDBDocumentClient, tableName: string): SweepLock {
  const table: Table = { client, name: tableName };
  const item = { TableName: tableName, Key: { [TABLE.partitionKey]: SWEEP_LOCK_ID } };
  let indexedSince: number | undefined;
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
      const held = await writeIf(table, SWEEP_LOCK_ID, token, () => client.send(command));
      if (held) indexedSince = indexedSinceOf(held);
      return held && cursorsOf(held.cursors);
    },
    async release(token, cursors, now) {
      const command = new UpdateCommand({
        ...item,
        UpdateExpression:
          'SET #cursors = :cursors, #sweptAt = :now, #indexedSince = if_not_exists(#indexedSince, :since) REMOVE #leaseUntil',
        ConditionExpression: HOLDS_LEASE,
        ExpressionAttributeNames: {
          '#writeToken': 'writeToken',
          '#leaseUntil': 'leaseUntil',
          '#cursors': 'cursors',
          '#sweptAt': 'sweptAt',
          '#indexedSince': 'indexedSince',
        },
        ExpressionAttributeValues: {
          ...{ ':token': token, ':cursors': cursors, ':now': now },
          ':since': indexedSince ?? now,
        },
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

/**
 * Since when every new batch is in the index of batches by creation: since the last sweep of a version
 * without that index, or from the beginning, if there was no sweep before.
 */
function indexedSinceOf({ indexedSince, sweptAt }: Item): number {
  return [indexedSince, sweptAt].find((time) => typeof time === 'number') ?? 0;
}

/** When the last sweep ended, in milliseconds since 1970; undefined before the first. */
export async function lastSweepAt(
  client: DynamoDBDocumentClient,
  tableName: string,
): Promise<number | undefined> {
  const item = await readItem({ client, name: tableName }, SWEEP_LOCK_ID);
  return typeof item?.sweptAt === 'number' ? item.sweptAt : undefined;
}

function cursorsOf(stored: unknown): SweepCursors {
  if (typeof stored !== 'object' || stored === null) return {};
  return Object.fromEntries(Object.entries(stored).filter(([, text]) => typeof text === 'string'));
}
