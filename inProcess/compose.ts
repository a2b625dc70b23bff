import type { DatabaseSync } from 'node:sqlite';
import { messageOf, ProviderError, shortReason } from '../shared/batch/errors.ts';
import { diskScratch } from '../shared/jsonl/scratch.ts';
import { PACKAGE_VERSION } from '../shared/package.ts';
import type { Providers } from '../shared/providers/provider.ts';
import { connectProviders, entryLimits } from '../shared/providers/registry.ts';
import { batchStore } from '../shared/stores/batchStore.ts';
import { providerStateStore, sweepLock } from '../shared/stores/sweepStores.ts';
import { tenantStore } from '../shared/stores/tenants.ts';
import { uploadStore } from '../shared/stores/uploadRecords.ts';
import { systemChance, systemClock, tokenEstimation } from '../shared/system.ts';
import type { Dependencies } from '../shared/usecases/dependencies.ts';
import { databaseIdentity, openDatabase, requireWritable } from './database.ts';
import type { DirectoryDescription } from './directory.ts';
import { type FileObjects, fileObjects } from './fileObjects.ts';
import { observersOf } from './observers.ts';
import type { CheckedOptions } from './options.ts';
import { processorOf, type QueueName, type SqliteQueues, sqliteQueues } from './sqliteQueues.ts';
import { type SqliteTable, sqliteTable, TABLE_NAME } from './sqliteTable.ts';
import { withinTime } from './timeLimit.ts';

/** A handler in this process: the ports of the use cases, and what they are built on. */
export interface Composition {
  readonly dependencies: Dependencies;
  readonly database: DatabaseSync;
  readonly table: SqliteTable;
  readonly queues: SqliteQueues;
  readonly objects: FileObjects;
  /** @throws Error if the directory was deleted or moved since it was opened */
  checkDirectory(): void;
}

/** For each call of `onEvent` and of an `apiKey` function: the sweep waits for them. */
const CALLBACK_MS = 30_000;

/** @param onSent called after a message was sent to a queue by this process */
export function compose(options: CheckedOptions, onSent: (queue: QueueName) => void): Composition {
  const { directory, policy } = options;
  const database = openDatabase(directory);
  requireWritable(database, directory);
  const identity = databaseIdentity(directory);
  const table = sqliteTable(database);
  const queues = sqliteQueues(database, systemClock.now, onSent);
  const objects = fileObjects(directory);
  const dependencies: Dependencies = {
    ...{ policy, queues, objects, ...observersOf(options) },
    ...{ clock: systemClock, chance: systemChance, tokens: tokenEstimation },
    batches: batchStore(table, policy),
    providerStates: providerStateStore(table),
    tenants: tenantStore(table),
    sweepLock: sweepLock(table),
    uploads: uploadStore(table),
    tableName: TABLE_NAME,
    scratch: diskScratch(),
    providers: providersOf(options, objects),
    processor: processorOf(queues),
    bus: {
      publish: (change) => ended('onEvent', () => options.onEvent?.(change)),
    },
  };
  return {
    ...{ dependencies, database, table, queues, objects },
    checkDirectory() {
      if (databaseIdentity(directory) !== identity)
        throw new Error(
          `the directory ${directory} was deleted, moved or replaced while it was open: start the program again`,
        );
    },
  };
}

/** What the command line reads of the handler in its directory. */
export function describe({ providers, policy }: CheckedOptions): DirectoryDescription {
  const limits = Object.entries(providers).map(([name, entry]) => [name, entryLimits(entry)]);
  return {
    version: PACKAGE_VERSION,
    // As JSON, which has no undefined.
    settings: JSON.parse(JSON.stringify({ providers, policy })),
    limits: JSON.parse(JSON.stringify(Object.fromEntries(limits))),
  };
}

function providersOf({ providers, keys }: CheckedOptions, objects: FileObjects): Providers {
  return connectProviders(providers, {
    objects,
    async secret(entry) {
      const key = keys.get(entry);
      if (typeof key !== 'function') return key;
      try {
        return await ended('it', key);
      } catch (error) {
        // Like a key that is refused: the entry waits until it can be had.
        const message = `apiKey of provider ${entry} failed: ${messageOf(error)}`;
        throw new ProviderError('account', shortReason('api_key_unavailable', message));
      }
    },
  });
}

function ended<T>(what: string, callback: () => T | Promise<T>): Promise<T> {
  const failure = () => new Error(`${what} has not ended after ${CALLBACK_MS / 1000} seconds`);
  return withinTime(CALLBACK_MS, callback, failure);
}
