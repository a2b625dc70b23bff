import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { openDatabase } from '../../inProcess/database.ts';
import { fileObjects } from '../../inProcess/fileObjects.ts';
import { sqliteQueues } from '../../inProcess/sqliteQueues.ts';
import {
  objectStoreContract,
  type QueueName,
  type QueuePair,
  queuesContract,
  type ReceivedMessage,
} from '../../testing/index.ts';
import { runCases, subjectOf } from '../support/contracts.ts';

function newDirectory() {
  const directory = mkdtempSync(join(tmpdir(), 'contract-'));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

describe('files', () => {
  runCases(
    objectStoreContract(
      subjectOf(() => {
        const { directory, remove } = newDirectory();
        return { open: () => fileObjects(directory), close: async () => remove() };
      }),
    ),
  );
});

describe('queues in SQLite', () => {
  const ends = new WeakMap<QueuePair, () => void>();

  async function create(): Promise<QueuePair> {
    const { directory, remove } = newDirectory();
    const database = openDatabase(directory);
    const queues = sqliteQueues(database, Date.now);
    const read = new Set<string>();

    /** A dead letter is looked at and stays where it is. */
    function deadLetter(queue: 'batch' | 'work'): ReceivedMessage | undefined {
      const letter = queues
        .deadLetters()
        .find((one) => one.queue === queue && !read.has(one.body + one.messageId));
      if (!letter) return undefined;
      const leave = async () => {};
      read.add(letter.body + letter.messageId);
      return { ...letter, receiveCount: 1, remove: leave, release: leave };
    }

    const pair: QueuePair = {
      queues,
      async receive(queue: QueueName) {
        if (queue === 'batchDeadLetters') return deadLetter('batch');
        if (queue === 'workDeadLetters') return deadLetter('work');
        const message = queues.receive(queue, 60);
        return (
          message && {
            ...message,
            remove: async () => queues.complete(message),
            release: async () => queues.renew(message, 0),
          }
        );
      },
    };
    ends.set(pair, () => {
      database.close();
      remove();
    });
    return pair;
  }

  runCases(queuesContract({ create, close: async (pair) => ends.get(pair)?.() }));
});
