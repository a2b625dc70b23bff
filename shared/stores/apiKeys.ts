import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { TABLE } from '../config.ts';
import { timeKey } from './indexKeys.ts';
import { parseRecord, putIf, putVersioned, recordJson } from './items.ts';
import type { IndexPosition, Item, ItemTable } from './itemTable.ts';

const SCHEMA_VERSION = 1;

const apiKeySchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  version: z.int(),
  keyId: z.string(),
  /** SHA-256 of the whole key, in hex. The key itself is kept nowhere. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** What people call it by. */
  name: z.string(),
  tenant: z.string().optional(),
  /** The provider entries that it may use. Absent: all. */
  providers: z.array(z.string()).optional(),
  requestsPerMinute: z.int().positive().optional(),
  /** Times in milliseconds since 1970. */
  createdAt: z.number(),
  expiresAt: z.number().optional(),
  revokedAt: z.number().optional(),
});

/** A key of the HTTP API. */
export type ApiKey = Readonly<z.infer<typeof apiKeySchema>>;
/** A key that is not stored yet. */
export type NewApiKey = Omit<ApiKey, 'schemaVersion' | 'version' | 'revokedAt'>;

export interface ApiKeyStore {
  /** A strongly consistent read; undefined if there is no such key. */
  get(keyId: string): Promise<ApiKey | undefined>;
  /** @returns false if there is a key with this id */
  create(key: NewApiKey): Promise<boolean>;
  /**
   * Revokes a key for good. Revoking it again changes nothing.
   *
   * @param now milliseconds since 1970
   * @returns the revoked key; undefined if there is no such key
   */
  revoke(keyId: string, now: number): Promise<ApiKey | undefined>;
  /**
   * All keys, also those that were revoked or have expired within 90 days, in pages, the newest first.
   * Eventually consistent.
   */
  list(): AsyncIterable<readonly ApiKey[]>;
}

/** The partition of the `created` index that holds the keys. */
const KEYS = 'keys';
const PAGE = 100;

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long a key is listed that nothing accepts any more: until nobody asks what it was. */
const KEEP_ENDED_MS = 90 * DAY_MS;

/** The keys of the HTTP API, in the table: `key#<key id>`. Serving the API only reads them. */
export function apiKeyStore(table: ItemTable): ApiKeyStore {
  const { partitionKey, sortKey } = TABLE.createdIndex;
  const put = (key: ApiKey, precondition: 'absent' | 'unchanged') =>
    putVersioned(
      table,
      {
        id: keyItemId(key.keyId),
        schemaVersion: SCHEMA_VERSION,
        version: key.version,
        record: recordJson(`key ${key.keyId}`, apiKeySchema, key),
        [partitionKey]: KEYS,
        [sortKey]: timeKey(key.createdAt),
        ...timeToLiveOf(key),
      },
      precondition,
    );
  const store: ApiKeyStore = {
    async get(keyId) {
      const item = await table.get(keyItemId(keyId));
      return item && parseRecord(`key ${keyId}`, item, apiKeySchema, SCHEMA_VERSION);
    },
    create: (key) => put({ ...key, schemaVersion: SCHEMA_VERSION, version: 0 }, 'absent'),
    async revoke(keyId, now) {
      const key = await store.get(keyId);
      if (key === undefined || key.revokedAt !== undefined) return key;
      const revoked = { ...key, version: key.version + 1, revokedAt: now };
      if (await put(revoked, 'unchanged')) return revoked;
      // Nothing else changes a key, so somebody else has revoked it in between.
      return store.get(keyId);
    },
    async *list() {
      let after: IndexPosition | undefined;
      do {
        const query = {
          index: 'created',
          partition: KEYS,
          isDescending: true,
          limit: PAGE,
        } as const;
        const { items, last } = await table.query({ ...query, after });
        const found = await Promise.all(items.map(({ id }) => store.get(keyIdOf(id))));
        yield found.filter((key) => key !== undefined);
        after = last;
      } while (after !== undefined);
    },
  };
  return store;
}

function timeToLiveOf({ revokedAt, expiresAt }: ApiKey): Readonly<Record<string, number>> {
  const endsAt = Math.min(...[revokedAt, expiresAt].filter((time) => time !== undefined));
  if (!Number.isFinite(endsAt)) return {};
  return { [TABLE.timeToLive]: Math.ceil((endsAt + KEEP_ENDED_MS) / 1000) };
}

function keyItemId(keyId: string): string {
  return TABLE.keyPrefix + keyId;
}

function keyIdOf(itemId: string): string {
  return itemId.slice(TABLE.keyPrefix.length);
}

/** How a key was used: `keyUse#<key id>` in the table. */
interface KeyUse {
  /** Milliseconds since 1970, to the hour for a key without a limit. */
  readonly lastUsedAt: number;
  /** The minute since 1970 that `requests` counts those of. */
  readonly minute: number;
  readonly requests: number;
}

/**
 * How keys are used. This is apart from the keys, so that the function that serves the API needs no
 * permission to write keys.
 */
export interface KeyUses {
  /**
   * Counts a request of a key, unless the key has had `limit` in this minute of the clock.
   *
   * @param now milliseconds since 1970
   * @returns false if it has, or if so many requests come at once that the count cannot be written
   */
  count(keyId: string, limit: number, now: number): Promise<boolean>;
  /** Notes that a key is used, unless that was noted within the last hour. */
  note(keyId: string, now: number): Promise<void>;
  /** When a key was last used, in milliseconds since 1970; undefined if that is over 400 days ago, or never. */
  lastUsedAt(keyId: string): Promise<number | undefined>;
}

/** Each of several requests at once that lose the race for the count reads it again. */
const MAX_TRIES = 10;
export const MINUTE_MS = 60_000;
/** How exactly the last use of a key is known. */
export const NOTED_EVERY_MS = 60 * MINUTE_MS;

/** For so long, it is known when a key was last used: for keys that are used once a year. */
export const KEEP_USE_MS = 400 * DAY_MS;

export function keyUses(table: ItemTable): KeyUses {
  const put = (keyId: string, use: KeyUse, found: Item | undefined) =>
    putIf(
      table,
      {
        ...{ id: itemIdOfUse(keyId), writeToken: randomUUID(), ...use },
        [TABLE.timeToLive]: Math.ceil((use.lastUsedAt + KEEP_USE_MS) / 1000),
      },
      found ? { is: 'token', writeToken: found.writeToken ?? '' } : { is: 'absent' },
    );
  return {
    async count(keyId, limit, now) {
      const minute = Math.floor(now / MINUTE_MS);
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const found = await table.get(itemIdOfUse(keyId));
        const before = readUse(found);
        // A clock that is behind another counts in the later minute.
        const counted = Math.max(minute, before.minute);
        const requests = counted === before.minute ? before.requests + 1 : 1;
        if (requests > limit) return false;
        const use = { lastUsedAt: Math.max(now, before.lastUsedAt), minute: counted, requests };
        if (await put(keyId, use, found)) return true;
      }
      return false;
    },
    async note(keyId, now) {
      const found = await table.get(itemIdOfUse(keyId));
      const use = readUse(found);
      if (now - use.lastUsedAt < NOTED_EVERY_MS) return;
      // If this loses a race, another request has noted the use.
      await put(keyId, { ...use, lastUsedAt: now }, found);
    },
    async lastUsedAt(keyId) {
      const found = await table.get(itemIdOfUse(keyId));
      return found && readUse(found).lastUsedAt;
    },
  };
}

function itemIdOfUse(keyId: string): string {
  return TABLE.keyUsePrefix + keyId;
}

function readUse(item: Item | undefined): KeyUse {
  const numberIn = (name: keyof KeyUse) => {
    const value = item?.[name];
    return typeof value === 'number' ? value : 0;
  };
  return {
    lastUsedAt: numberIn('lastUsedAt'),
    minute: numberIn('minute'),
    requests: numberIn('requests'),
  };
}
