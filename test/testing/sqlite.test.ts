import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { openDatabase } from '../../inProcess/database.ts';
import { fileObjects } from '../../inProcess/fileObjects.ts';
import { sqliteQueues } from '../../inProcess/sqliteQueues.ts';
import { sqliteTable } from '../../inProcess/sqliteTable.ts';
import type { BatchStore } from '../../shared/batch/ports.ts';
import { batchStore } from '../../shared/stores/batchStore.ts';
import { laneStore, requestRegister } from '../../shared/stores/collectorStores.ts';
import type { ItemTable } from '../../shared/stores/itemTable.ts';
import { providerStateStore, sweepLock } from '../../shared/stores/sweepStores.ts';
import {
  batchStoreContract,
  type Damage,
  laneStoreContract,
  providerStateStoreContract,
  type QueueName,
  type QueuePair,
  queuesContract,
  type ReceivedMessage,
  requestRegisterContract,
  sweepLockContract,
} from '../../testing/index.ts';
import { runCases, subjectOf } from '../support/contracts.ts';

/** A store in a database of its own for each case, to which each `open` is another connection. */
function inDatabase<T>(make: (table: ItemTable) => T) {
  return subjectOf<T>(() => {
    const { directory, open, close } = scratchDatabases();
    return { open: () => make(sqliteTable(open(directory))), close };
  });
}

function scratchDatabases() {
  const directory = mkdtempSync(join(tmpdir(), 'contract-'));
  const databases: ReturnType<typeof openDatabase>[] = [];
  return {
    directory,
    open(where: string) {
      const database = openDatabase(where);
      databases.push(database);
      return database;
    },
    async close() {
      for (const database of databases) database.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

describe('SQLite', () => {
  const tableOf = new WeakMap<BatchStore, ItemTable>();
  const whole = new WeakMap<ItemTable, Map<string, object>>();
  const subject = inDatabase((table) => {
    const store = batchStore(table, { retentionSeconds: 60, maxAgeSeconds: 60 });
    tableOf.set(store, table);
    whole.set(table, new Map());
    return store;
  });

  async function damage(store: BatchStore, batchId: string, kind: Damage): Promise<void> {
    const table = tableOf.get(store);
    const item = await table?.get(`batch#${batchId}`);
    if (!table || !item) throw new Error(`there is no batch ${batchId}`);
    const kept = whole.get(table);
    const { record, schemaVersion, writeToken = '' } = item;
    if (kind !== 'none') kept?.set(batchId, { record, schemaVersion });
    const changes = {
      unreadable: { record: '{"spec":' },
      newer: { schemaVersion: 99 },
      none: kept?.get(batchId),
    };
    const changed = { ...item, writeToken, ...changes[kind] };
    await table.put(changed, { is: 'token', writeToken });
  }

  runCases(batchStoreContract({ ...subject, damage }));
  runCases(providerStateStoreContract(inDatabase(providerStateStore)));
  runCases(sweepLockContract(inDatabase(sweepLock)));
  runCases(laneStoreContract(inDatabase(laneStore)));
  runCases(
    requestRegisterContract(inDatabase((table) => requestRegister(table, { keepSeconds: 1 }))),
  );
});

describe('queues in SQLite', () => {
  const DEAD = { batchDeadLetters: 'batch', workDeadLetters: 'work' } as const;
  let scratch: ReturnType<typeof scratchDatabases>;

  async function create(): Promise<QueuePair> {
    scratch = scratchDatabases();
    const queues = sqliteQueues(scratch.open(scratch.directory), Date.now);
    const taken = new Set<string>();
    return { queues, objects: fileObjects(scratch.directory), receive };

    async function receive(queue: QueueName): Promise<ReceivedMessage | undefined> {
      if (queue === 'batchDeadLetters' || queue === 'workDeadLetters') {
        const letter = queues
          .deadLetters()
          .find((each) => each.queue === DEAD[queue] && !taken.has(each.messageId + each.body));
        if (!letter) return undefined;
        const key = letter.messageId + letter.body;
        taken.add(key);
        const release = async () => void taken.delete(key);
        return { ...letter, receiveCount: 1, remove: async () => {}, release };
      }
      const message = queues.receive(queue, 600);
      if (!message) return undefined;
      const { body, messageId, receiveCount } = message;
      return {
        ...{ body, messageId, receiveCount, reason: undefined },
        remove: async () => queues.complete(message),
        release: async () => queues.renew(message, 0),
      };
    }
  }

  runCases(queuesContract({ create, close: () => scratch.close() }));
});
