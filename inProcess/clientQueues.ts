import type { ClientQueues, DeadLetter } from '../shared/batch/clientPorts.ts';
import type { QueueName, SqliteQueues } from './sqliteQueues.ts';

const NAMES = ['batch', 'work', 'outcome', 'processor'] as const satisfies readonly QueueName[];
/** As many reasons as a person reads. */
const SAMPLES = 10;

/** The queues of a directory, for its clients. */
export function sqliteClientQueues(queues: SqliteQueues): ClientQueues {
  const nameOf = (name: string): QueueName => {
    const found = NAMES.find((each) => each === name);
    if (found === undefined) throw new Error(`a handler in one process has no ${name} queue`);
    return found;
  };
  const lettersOf = (name: string) => {
    const queue = nameOf(name);
    return queues.deadLetters().filter((letter) => letter.queue === queue);
  };
  return {
    names: NAMES,
    send: async (message) => queues.send('batch', JSON.stringify(message)),
    async findRefused(messageId) {
      const letter = lettersOf('batch').find((each) => each.messageId === messageId);
      return letter && deadLetterOf(letter);
    },
    async depth(name) {
      const total = queues.depth(nameOf(name));
      return { waiting: total, inFlight: 0, delayed: 0, total };
    },
    countDeadLetters: async (name) => lettersOf(name).length,
    async deadLetters(name) {
      const letters = lettersOf(name);
      return { count: letters.length, samples: letters.slice(0, SAMPLES).map(deadLetterOf) };
    },
    async *redrive(name, { signal } = {}) {
      const letters = lettersOf(name);
      let moved = 0;
      for (const letter of letters) {
        signal?.throwIfAborted();
        if (queues.redrive(letter)) moved += 1;
      }
      yield { status: 'completed', moved, toMove: letters.length };
    },
  };
}

type DeadLetterMessage = ReturnType<SqliteQueues['deadLetters']>[number];

function deadLetterOf({ messageId, sentAt, reason, body }: DeadLetterMessage): DeadLetter {
  return { messageId, sentAt, reason, batchId: batchIdIn(body) };
}

/** Takes nothing but the batch id from the body, which may hold requests. */
function batchIdIn(body: string): string | undefined {
  try {
    const { batchId } = JSON.parse(body) as { batchId?: unknown };
    return typeof batchId === 'string' ? batchId : undefined;
  } catch {
    return undefined;
  }
}
