import { messageOf } from '../shared/batch/errors.ts';
import type { Log } from '../shared/batch/ports.ts';
import { logFieldsOf } from '../shared/usecases/logFields.ts';
import type { QueueName, ReceivedMessage, SqliteQueues } from './sqliteQueues.ts';

/** After a kill, a message that was being handled comes again within this time. */
const LEASE_SECONDS = 60;
const RENEW_MS = 20_000;
/** Between two looks into an empty queue, which other processes may have sent to. */
const POLL_MS = 500;

/** Wakes those that wait, before their time. */
export class Bell {
  readonly #waiting = new Set<() => void>();

  ring(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves when the bell rings, at the latest after so many milliseconds. */
  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.#waiting.add(wake);
    });
  }
}

/** What consumes a queue. */
export interface Consumer {
  readonly queue: QueueName;
  /** Messages that are handled at the same time. */
  readonly concurrency: number;
  /** A message for which it throws returns to the queue. */
  handle(message: ReceivedMessage): Promise<void>;
}

interface ConsumerPorts {
  readonly queues: SqliteQueues;
  readonly log: Log;
  /** Rings when there may be a message, and when the consumers are to stop. */
  readonly bell: Bell;
  /** Whether they are to stop, after the messages that they are handling. */
  isStopping(): boolean;
  /** Whether nobody waits for them any more. */
  isAbandoned(): boolean;
}

/** Handles the messages of a queue until it is told to stop. */
export async function consume(ports: ConsumerPorts, consumer: Consumer): Promise<void> {
  await Promise.all(
    Array.from({ length: consumer.concurrency }, () => consumeOneByOne(ports, consumer)),
  );
}

async function consumeOneByOne(ports: ConsumerPorts, consumer: Consumer): Promise<void> {
  const { queues, log, bell } = ports;
  while (!ports.isStopping()) {
    let message: ReceivedMessage | undefined;
    try {
      message = queues.receive(consumer.queue, LEASE_SECONDS);
    } catch (error) {
      log.error('queue not read', { queue: consumer.queue, error: messageOf(error) });
    }
    if (message) await handle(ports, consumer, message);
    else await bell.wait(POLL_MS);
  }
}

async function handle(
  { queues, log, bell, ...ports }: ConsumerPorts,
  consumer: Consumer,
  message: ReceivedMessage,
): Promise<void> {
  const { queue } = consumer;
  const { messageId } = message;
  const renewing = setInterval(() => {
    if (ports.isAbandoned()) return clearInterval(renewing);
    try {
      queues.renew(message, LEASE_SECONDS);
    } catch (error) {
      log.warn('visibility timeout not renewed', { queue, messageId, error: messageOf(error) });
    }
  }, RENEW_MS).unref();
  try {
    await consumer.handle(message);
    queues.complete(message);
  } catch (error) {
    if (ports.isAbandoned()) return;
    const text = messageOf(error);
    log.error('message failed; returned to queue', {
      ...{ queue, messageId },
      ...logFieldsOf(error),
      error: text,
    });
    try {
      queues.fail(message, text);
    } catch (failure) {
      // It comes again after its visibility timeout.
      log.error('message not returned', { queue, messageId, error: messageOf(failure) });
    }
  } finally {
    clearInterval(renewing);
    // What was waiting for the last message may go on: whoever ends when there is none.
    bell.ring();
  }
}
