import { randomUUID } from 'node:crypto';
import type { IndexPage, SweepCursors, SweepLock } from '../batch/ports.ts';
import { TABLE } from '../config.ts';
import {
  PROVIDER_STATE_SCHEMA_VERSION,
  type ProviderStateStore,
  providerStateSchema,
} from '../quota/providerState.ts';
import { parseRecord, putIf, putVersioned, queryPage, recordJson } from './items.ts';
import type { Item, ItemTable } from './itemTable.ts';

/** The partition of the `due` index that names every provider entry ever used. */
const PROVIDERS = 'providers';

/** The states of the provider entries, in the table: `provider#<entry>`. */
export function providerStateStore(table: ItemTable): ProviderStateStore {
  const { partitionKey, sortKey } = TABLE.dueIndex;
  return {
    async get(provider) {
      const item = await table.get(stateItemId(provider));
      if (!item) return { schemaVersion: PROVIDER_STATE_SCHEMA_VERSION, provider, version: 0 };
      const what = `provider ${provider}`;
      return parseRecord(what, item, providerStateSchema, PROVIDER_STATE_SCHEMA_VERSION);
    },
    async replace(state) {
      const item = {
        id: stateItemId(state.provider),
        schemaVersion: PROVIDER_STATE_SCHEMA_VERSION,
        version: state.version,
        record: recordJson(`provider ${state.provider}`, providerStateSchema, state),
        [partitionKey]: PROVIDERS,
        [sortKey]: state.provider,
      };
      const won = await putVersioned(table, item, 'absentOrUnchanged');
      return won ? 'written' : 'conflict';
    },
    async list() {
      const names: string[] = [];
      let cursor: string | undefined;
      do {
        const query = { index: 'due', partition: PROVIDERS, cursor } as const;
        const page: IndexPage<Item> = await queryPage(table, query);
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

/** Id of the item of the sweep's lease, or of that of a shard. */
function lockId(shard: number | undefined): string {
  return shard === undefined ? 'lock#sweep' : `lock#sweep#${shard}`;
}

/** The leases of the sweep and its shards: one item in the table for each. */
export function sweepLock(table: ItemTable): SweepLock {
  return {
    async acquire(token, now, leaseUntil, shard) {
      const id = lockId(shard);
      const found = await table.get(id);
      if (typeof found?.leaseUntil === 'number' && found.leaseUntil > now) return undefined;
      const held = { ...found, id, writeToken: token, leaseUntil };
      const { writeToken = '' } = found ?? {};
      const isHeld = await putIf(
        table,
        held,
        found ? { is: 'token', writeToken } : { is: 'absent' },
      );
      return isHeld ? cursorsOf(found?.cursors) : undefined;
    },
    async release(token, cursors, now, shard) {
      const id = lockId(shard);
      const found = await table.get(id);
      // The lease has expired and another sweep has taken it, with cursors of its own.
      if (found?.writeToken !== token) return;
      const { leaseUntil: _, ...kept } = found;
      const indexedSince = indexedSinceOf(found);
      const released = { ...kept, id, cursors, indexedSince, sweptAt: now };
      // A token of its own, so that no sweep that has read the item before takes the lease with what it
      // read. If this is refused, another sweep has taken the lease, or the reply was lost.
      const writeToken = randomUUID();
      await table.put({ ...released, writeToken }, { is: 'token', writeToken: token });
    },
    async last(shard) {
      const found = await table.get(lockId(shard));
      if (typeof found?.sweptAt !== 'number') return undefined;
      return { at: found.sweptAt, cursors: cursorsOf(found.cursors) };
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

/**
 * Since when every new batch is in the index of batches by creation, in milliseconds since 1970.
 * Undefined before the first sweep of a version that has it.
 */
export async function indexedSince(table: ItemTable): Promise<number | undefined> {
  const item = await table.get(lockId(undefined));
  return typeof item?.indexedSince === 'number' ? item.indexedSince : undefined;
}

/** When the last sweep, or the last one of a shard, ended, in milliseconds since 1970; undefined before the first. */
export async function lastSweepAt(table: ItemTable, shard?: number): Promise<number | undefined> {
  return (await sweepLock(table).last(shard))?.at;
}

function cursorsOf(stored: unknown): SweepCursors {
  if (typeof stored !== 'object' || stored === null) return {};
  return Object.fromEntries(Object.entries(stored).filter(([, text]) => typeof text === 'string'));
}
