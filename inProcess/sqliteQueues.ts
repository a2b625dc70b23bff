import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { DeadLetterSource, Processor, Queues } from '../shared/batch/ports.ts';
import { beginsWith } from './database.ts';

/** `processor` holds invocations of the user's function, and `outcome` how they ended. */
export type QueueName = 'batch' | 'work' | 'processor' | 'outcome';

/** A message that a consumer has received. Others cannot receive it before its visibility timeout. */
export interface ReceivedMessage {
  readonly messageId: string;
  readonly body: string;
  /** Milliseconds since 1970. The same in every receive. */
  readonly sentAt: number;
  /** How often it was received, this time included. */
  readonly receiveCount: number;
  /** Stands for this receive in `renew`, `complete` and `fail`. */
  readonly receipt: string;
}

/** A message that was given up, with the reason. */
interface DeadLetterMessage {
  readonly queue: QueueName;
  readonly messageId: string;
  readonly body: string;
  /** When it was sent to its queue, in milliseconds since 1970. */
  readonly sentAt: number;
  readonly reason: string;
}

/** The queues of a handler in its database, durable, each message at least once. */
export interface SqliteQueues extends Queues {
  /**
   * Adds a message.
   *
   * @param delaySeconds before it can be received. Default: 0
   * @returns its message id
   */
  send(queue: QueueName, body: string, delaySeconds?: number): string;
  /**
   * Takes the message that has been visible for the longest time. A message that was received five times
   * and never completed goes to the dead-letter queue instead: it may have ended each of its processes.
   *
   * @param leaseSeconds how long others cannot receive it
   */
  receive(queue: QueueName, leaseSeconds: number): ReceivedMessage | undefined;
  /** Prolongs the visibility timeout, counted from now. */
  renew(message: ReceivedMessage, leaseSeconds: number): void;
  /** Deletes a message that was handled, unless it has been received again since. */
  complete(message: ReceivedMessage): void;
  /**
   * Returns a message to its queue, to be received again after a backoff; or to the dead-letter queue, with
   * the reason, after five receives.
   */
  fail(message: ReceivedMessage, reason: string): void;
  /** Messages in the queue, those that are being handled or delayed included. */
  depth(queue: QueueName): number;
  /** The oldest dead letters first, at most 1,000. */
  deadLetters(): readonly DeadLetterMessage[];
  /** Returns a dead letter to its queue, with its receives counted anew. @returns false if it is gone */
  redrive(letter: Pick<DeadLetterMessage, 'queue' | 'messageId'>): boolean;
  /** Deletes the dead letters that are older than 14 days. */
  removeOld(): void;
}

/** Invokes the user's function by a message: whoever runs the handler calls it. */
export function processorOf(queues: Pick<SqliteQueues, 'send'>): Processor {
  return { invoke: async (event) => void queues.send('processor', JSON.stringify(event)) };
}

/** As for the queues on AWS. */
const MAX_RECEIVES = 5;
/** Before the second receive, the third, and so on: together six minutes, which a full disk may take. */
const BACKOFF_SECONDS = [2, 15, 60, 300];
const KEEP_DEAD_LETTERS_MS = 14 * 24 * 60 * 60 * 1000;
const MAX_DEAD_LETTERS = 1_000;
const DEAD = 'dead:';

/**
 * @param now milliseconds since 1970
 * @param onSent called after a message was added, so that a consumer need not wait for its next look
 */
export function sqliteQueues(
  database: DatabaseSync,
  now: () => number,
  onSent: (queue: QueueName) => void = () => {},
): SqliteQueues {
  const insert = database.prepare(
    'INSERT INTO messages (queue, messageId, body, sentAt, visibleAt) VALUES (?, ?, ?, ?, ?)',
  );
  // A message that is handled again is refused again.
  const insertDead = database.prepare(
    `INSERT INTO messages (queue, messageId, body, sentAt, visibleAt, reason)
     SELECT :queue, :messageId, :body, :now, :now, :reason WHERE NOT EXISTS (
       SELECT 1 FROM messages WHERE queue = :queue AND messageId = :messageId AND body = :body)`,
  );
  const take = database.prepare(
    `UPDATE messages SET visibleAt = ?, receiveCount = receiveCount + 1, receipt = ?
     WHERE sequence = (
       SELECT sequence FROM messages WHERE queue = ? AND visibleAt <= ?
       ORDER BY visibleAt, sequence LIMIT 1)
     RETURNING messageId, body, sentAt, receiveCount, reason`,
  );
  const prolong = database.prepare('UPDATE messages SET visibleAt = ? WHERE receipt = ?');
  const remove = database.prepare('DELETE FROM messages WHERE receipt = ?');
  const giveBack = database.prepare(
    'UPDATE messages SET visibleAt = ?, reason = ?, receipt = NULL WHERE receipt = ?',
  );
  const giveUp = database.prepare(
    `UPDATE messages SET queue = '${DEAD}' || queue, reason = ?, receipt = NULL, visibleAt = ?
     WHERE receipt = ?`,
  );
  const count = database.prepare('SELECT count(*) AS depth FROM messages WHERE queue = ?');
  const listDead = database.prepare(
    `SELECT queue, messageId, body, sentAt, reason FROM messages
     WHERE ${beginsWith('queue', DEAD)} ORDER BY sequence LIMIT ${MAX_DEAD_LETTERS}`,
  );
  const revive = database.prepare(
    `UPDATE messages SET queue = ?, visibleAt = ?, receiveCount = 0, reason = NULL
     WHERE queue = ? AND messageId = ?`,
  );
  const forget = database.prepare(
    `DELETE FROM messages WHERE ${beginsWith('queue', DEAD)} AND visibleAt < ?`,
  );

  function send(queue: QueueName, body: string, delaySeconds = 0): string {
    const messageId = randomUUID();
    const sentAt = now();
    insert.run(queue, messageId, body, sentAt, sentAt + Math.ceil(delaySeconds * 1000));
    onSent(queue);
    return messageId;
  }

  return {
    send,
    sendWork: async (message) => void send('work', JSON.stringify(message)),
    sendBatch: async (message, delaySeconds) =>
      void send('batch', JSON.stringify(message), Math.max(0, delaySeconds)),
    async sendDeadLetter(source: DeadLetterSource, body, reason, messageId) {
      insertDead.run({ queue: `${DEAD}${source}`, messageId, body, now: now(), reason });
    },
    receive(queue, leaseSeconds) {
      for (;;) {
        const receipt = randomUUID();
        const found = take.get(now() + leaseSeconds * 1000, receipt, queue, now());
        if (!found) return undefined;
        if (Number(found.receiveCount) > MAX_RECEIVES) {
          const last = found.reason ?? 'each time, its process ended while the message was handled';
          giveUp.run(`received ${MAX_RECEIVES} times: ${last}`, now(), receipt);
          continue;
        }
        const { messageId, body, sentAt, receiveCount } = found;
        return {
          ...{ messageId: String(messageId), body: String(body), receipt },
          ...{ sentAt: Number(sentAt), receiveCount: Number(receiveCount) },
        };
      }
    },
    renew: ({ receipt }, leaseSeconds) => void prolong.run(now() + leaseSeconds * 1000, receipt),
    complete: ({ receipt }) => void remove.run(receipt),
    fail({ receipt, receiveCount }, reason) {
      if (receiveCount >= MAX_RECEIVES) {
        giveUp.run(`received ${receiveCount} times: ${reason}`, now(), receipt);
        return;
      }
      const seconds = BACKOFF_SECONDS[receiveCount - 1] ?? 0;
      giveBack.run(now() + seconds * 1000, reason, receipt);
    },
    depth: (queue) => Number(count.get(queue)?.depth),
    deadLetters: () =>
      listDead.all().map(({ queue, messageId, body, sentAt, reason }) => ({
        queue: String(queue).slice(DEAD.length) as QueueName,
        ...{ messageId: String(messageId), body: String(body) },
        ...{ sentAt: Number(sentAt), reason: String(reason) },
      })),
    redrive({ queue, messageId }) {
      const isMoved = revive.run(queue, now(), `${DEAD}${queue}`, messageId).changes > 0;
      if (isMoved) onSent(queue);
      return isMoved;
    },
    removeOld: () => void forget.run(now() - KEEP_DEAD_LETTERS_MS),
  };
}
