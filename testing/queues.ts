import type { AddMessageInput, BatchQueueMessage, WorkMessage } from '../shared/batch/messages.ts';
import { pointerMessageSchema } from '../shared/batch/messages.ts';
import type { DeadLetterSource, ObjectStore, Queues } from '../shared/batch/ports.ts';
import { ODD_TEXTS } from './batchValues.ts';
import { type ContractCase, casesOf, type Duty, eventually, type Given, same } from './contract.ts';
import { readAll } from './objects.ts';

/** A queue of the handler, or the dead-letter queue of one. */
export type QueueName = DeadLetterSource | 'batchDeadLetters' | 'workDeadLetters';

/** A message as a consumer gets it. */
export interface ReceivedMessage {
  readonly body: string;
  /** Of a dead letter, as it was sent. */
  readonly reason?: string | undefined;
  readonly messageId?: string | undefined;
  /** How often it was received, this time included. */
  readonly receiveCount: number;
  /** Removes it for good: it was handled. */
  remove(): Promise<void>;
  /** Ends its visibility timeout, as if the consumer had been killed and the time had passed. */
  release(): Promise<void>;
}

/** Queues and their other end. */
export interface QueuePair {
  readonly queues: Queues;
  /** Takes the next message that is there, and hides it from other consumers for 60 seconds or more. */
  receive(queue: QueueName): Promise<ReceivedMessage | undefined>;
  /** The bucket of bodies that are too large for a message. Needed by queues that keep bodies there. */
  readonly objects?: Pick<ObjectStore, 'read'> | undefined;
}

export interface QueuesSubject {
  /** Makes empty queues, which no other case uses. */
  create(): Promise<QueuePair>;
  /** Called when a case is over, also after a failure. */
  close?(pair: QueuePair): Promise<void>;
}

/** The contract of the batch queue, the work queue and their dead-letter queues. */
export function queuesContract(subject: QueuesSubject): ContractCase[] {
  return casesOf('Queues', subject, [...sendDuties, ...deadLetterDuties]);
}

const WORK: WorkMessage = { action: 'submit', batchId: 'b1' };
const CANCEL: BatchQueueMessage = { action: 'cancel', batchId: 'b1' };

function addMessage(options: AddMessageInput['options']): BatchQueueMessage {
  return {
    ...{ action: 'add', batchId: 'b1', priority: 0, completionWindow: '24h', format: 'openai' },
    ...{ metadata: {}, options: options ?? {} },
  };
}

/** Receives a message, which may take the queue a moment. */
async function next(pair: QueuePair, queue: QueueName): Promise<ReceivedMessage> {
  let message: ReceivedMessage | undefined;
  await eventually(async () => {
    message = await pair.receive(queue);
    if (!message) throw new Error(`no message arrived in queue ${queue}`);
  });
  return message as ReceivedMessage;
}

/** The body that was sent, from the bucket if the message only points to it. */
async function bodyOf({ objects }: QueuePair, { body }: ReceivedMessage): Promise<string> {
  if (!objects || !body.includes('"pointer"')) return body;
  const pointer = pointerMessageSchema.safeParse(JSON.parse(body));
  return pointer.success ? (await readAll(objects.read(pointer.data.key))).toString() : body;
}

const sendDuties: readonly Duty<Given<QueuePair>>[] = [
  {
    method: 'sendWork',
    does: 'delivers a message to the work queue, and to no other',
    async check({ first }) {
      await first.queues.sendWork(WORK);
      const message = await next(first, 'work');
      same('the message', JSON.parse(message.body), WORK);
      same('its receive count', message.receiveCount, 1);
      for (const queue of ['batch', 'batchDeadLetters', 'workDeadLetters'] as const)
        same(`what is in queue ${queue}`, await first.receive(queue), undefined);
    },
  },
  {
    method: 'sendWork',
    does: 'delivers a message again whose consumer was killed, and never again once it is removed',
    async check({ first }) {
      await first.queues.sendWork(WORK);
      const message = await next(first, 'work');
      same('what another consumer gets', await first.receive('work'), undefined);
      await message.release();
      const again = await next(first, 'work');
      same('the message again', JSON.parse(again.body), WORK);
      same('its receive count', again.receiveCount, 2);
      await again.remove();
      same('what comes after its removal', await first.receive('work'), undefined);
    },
  },
  {
    method: 'sendWork',
    does: 'delivers every one of 30 messages that are sent at once, also equal ones',
    async check({ first }) {
      const sent = Array.from({ length: 30 }, (_, index) => `b${index % 15}`);
      await Promise.all(sent.map((batchId) => first.queues.sendWork({ ...WORK, batchId })));
      const received: string[] = [];
      while (received.length < sent.length) {
        const message = await next(first, 'work');
        received.push(JSON.parse(message.body).batchId);
        await message.remove();
      }
      same('the batches of the messages', received.sort(), sent.sort());
    },
  },
  {
    method: 'sendBatch',
    does: 'delivers at once without a delay, also if the delay is negative',
    async check({ first }) {
      for (const delaySeconds of [0, -5]) {
        await first.queues.sendBatch(CANCEL, delaySeconds);
        const message = await next(first, 'batch');
        same('the message', JSON.parse(message.body), CANCEL);
        await message.remove();
      }
    },
  },
  {
    method: 'sendBatch',
    does: 'delivers no earlier than after the delay',
    async check({ first }) {
      const sentAt = Date.now();
      await first.queues.sendBatch(CANCEL, 1.2);
      same('what is there at once', await first.receive('batch'), undefined);
      const message = await next(first, 'batch');
      same('the message', JSON.parse(message.body), CANCEL);
      const waited = Date.now() - sentAt;
      same(`whether ${waited} ms have passed at least 1200`, waited >= 1200, true);
    },
  },
  {
    method: 'sendBatch',
    does: 'accepts a delay of a day, and delivers nothing at once',
    async check({ first }) {
      await first.queues.sendBatch(CANCEL, 86_400);
      same('what is there', await first.receive('batch'), undefined);
    },
  },
  {
    method: 'sendBatch',
    does: 'delivers odd characters and large bodies as they were sent',
    async check({ first }) {
      const message = addMessage({ ...ODD_TEXTS, surrogate: '\ud800' });
      await first.queues.sendBatch(message, 0);
      const odd = await next(first, 'batch');
      same('the odd message', JSON.parse(await bodyOf(first, odd)), message);
      await odd.remove();
      for (const text of ['x'.repeat(200_000), 'ü'.repeat(110_000), '\u0001'.repeat(180_000)]) {
        const large = addMessage({ text });
        await first.queues.sendBatch(large, 0);
        const received = await next(first, 'batch');
        const body = await bodyOf(first, received);
        const is = body === JSON.stringify(large) || JSON.parse(body).options.text === text;
        same(`whether a message of ${text.length} characters is as it was sent`, is, true);
        await received.remove();
      }
    },
  },
];

const deadLetterDuties: readonly Duty<Given<QueuePair>>[] = [
  {
    method: 'sendDeadLetter',
    does: 'keeps the body, the reason and the message id, in the dead-letter queue of the queue',
    async check({ first }) {
      for (const queue of ['batch', 'work'] as const) {
        const body = `not json of ${queue} "ü"`;
        await first.queues.sendDeadLetter(queue, body, 'invalid: 😀', 'message-1');
        const letter = await next(first, `${queue}DeadLetters`);
        const { reason, messageId } = letter;
        same(
          `the dead letter of queue ${queue}`,
          { body: letter.body, reason, messageId },
          { body, reason: 'invalid: 😀', messageId: 'message-1' },
        );
        await letter.remove();
        same(`what is in queue ${queue}`, await first.receive(queue), undefined);
      }
    },
  },
  {
    method: 'sendDeadLetter',
    does: 'accepts reasons that are odd, long or empty, and keeps their beginning',
    async check({ first }) {
      const odd = `invalid: \u0000\u0008\ufffe${'😀'.repeat(600)}`;
      await first.queues.sendDeadLetter('batch', 'one', odd, 'm1');
      const letter = await next(first, 'batchDeadLetters');
      same('the body', letter.body, 'one');
      same('the beginning of the reason', letter.reason?.slice(0, 9), 'invalid: ');
      same('whether the reason is well formed', letter.reason?.isWellFormed(), true);
      await letter.remove();
      await first.queues.sendDeadLetter('work', 'two', '', '');
      same('the body without a reason', (await next(first, 'workDeadLetters')).body, 'two');
    },
  },
  {
    method: 'sendDeadLetter',
    does: 'keeps large bodies, each its own, also of one message id',
    async check({ first }) {
      const bodies = ['one', 'two'].map((id) => JSON.stringify({ id, text: 'x'.repeat(250_000) }));
      bodies.push('x'.repeat(1024 * 1024));
      for (const body of bodies)
        await first.queues.sendDeadLetter('batch', body, 'too large', 'all');
      const found: string[] = [];
      for (const _ of bodies) {
        const letter = await next(first, 'batchDeadLetters');
        same('the reason', letter.reason, 'too large');
        found.push(await bodyOf(first, letter));
        await letter.remove();
      }
      same(
        'whether all bodies are kept',
        bodies.every((body) => found.includes(body)),
        true,
      );
    },
  },
];
