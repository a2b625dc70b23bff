import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { openDatabase } from '../../inProcess/database.ts';
import { fileObjects } from '../../inProcess/fileObjects.ts';
import { sqliteQueues } from '../../inProcess/sqliteQueues.ts';
import { sqliteTable } from '../../inProcess/sqliteTable.ts';
import type { ItemTable } from '../../shared/stores/itemTable.ts';
import {
  objectStoreContract,
  type QueueName,
  type QueuePair,
  queuesContract,
  type ReceivedMessage,
} from '../../testing/index.ts';
import { remoteSubjectOf, runCases, runStoreContracts, subjectOf } from '../support/contracts.ts';

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

/** Each write is repeated, as by a client whose reply was lost. */
function repeating(table: ItemTable): ItemTable {
  return {
    ...table,
    put: async (...given) => table.put(...given).then(() => table.put(...given)),
    remove: async (...given) => table.remove(...given).then(() => table.remove(...given)),
  };
}

describe('SQLite', () => {
  runStoreContracts(
    remoteSubjectOf(() => {
      const { directory, open, close } = scratchDatabases();
      const connect = () => sqliteTable(open(directory));
      return { open: connect, losing: () => repeating(connect()), close };
    }),
  );
});

describe('files', () => {
  runCases(
    objectStoreContract(
      subjectOf(() => {
        const { directory, close } = scratchDatabases();
        return { open: () => fileObjects(directory), close };
      }),
    ),
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
