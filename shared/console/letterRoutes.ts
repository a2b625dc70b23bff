import { Hono } from 'hono';
import * as z from 'zod';
import { QUEUE_NAMES, type QueueName } from '../batch/clientPorts.ts';
import { ClientError } from '../client/clientError.ts';
import { Latest } from '../client/latest.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { oldestSentAt, reasonGroups } from '../operations/deadLetters.ts';
import { valid } from './failure.ts';
import { type LetterMove, LetterMoves } from './letterMoves.ts';
import type { ScreenPorts } from './ports.ts';

/** The dead letters of a queue. */
export interface LetterQueue {
  readonly queue: QueueName;
  /** Approximate number of all. */
  readonly count: number;
  /** How many were read, to tell their reasons. */
  readonly seen: number;
  /** When the oldest that was read was sent, in ISO 8601. */
  readonly oldestAt?: string;
  /** The reasons of those that were read, the most frequent first. */
  readonly reasons: readonly {
    /** It may contain a provider's text. */
    readonly reason: string;
    readonly count: number;
    /** The batches that these messages name, without repeats. */
    readonly batchIds: readonly string[];
    readonly samples: readonly { readonly messageId: string; readonly sentAt: string }[];
  }[];
}

export interface LettersInfo {
  readonly queues: readonly LetterQueue[];
  /** Moves that run, and the last one of each queue that this server has followed. */
  readonly moves: readonly LetterMove[];
}

/** Reading SQS makes messages invisible to others for a moment, so it is read rarely. */
const LETTERS_AGE_MS = 10_000;

const queueSchema = z.object({ queue: z.enum(QUEUE_NAMES) });

export function letterRoutes(ports: ScreenPorts) {
  const { client, hub, now } = ports;
  const letters = new Latest(() => readLetters(ports), { maxAgeMs: LETTERS_AGE_MS, now });
  const moves = new LetterMoves(ports, ({ isRunning }) => {
    if (!isRunning) letters.forget();
    hub.tell({ type: 'changed', what: 'letters' });
  });
  return new Hono()
    .get('/letters', async (context) =>
      context.json<LettersInfo>({ queues: await letters.get(), moves: moves.all() }),
    )
    .post('/letters/:queue/redrive', valid('param', queueSchema), (context) => {
      const { queue } = context.req.valid('param');
      const { names } = client.connection.queues;
      if (!names.includes(queue))
        throw new ClientError('invalid_input', `${client.handler.name} has no ${queue} queue`);
      return context.json<LetterMove>(moves.start(queue), 202);
    });
}

async function readLetters({ client }: ScreenPorts): Promise<readonly LetterQueue[]> {
  const { queues } = client.connection;
  return Promise.all(
    queues.names.map(async (queue) => {
      const found = await queues.deadLetters(queue);
      const oldest = oldestSentAt(found);
      return omitUndefined({
        ...{ queue, count: found.count, seen: found.samples.length },
        oldestAt: oldest === undefined ? undefined : new Date(oldest).toISOString(),
        reasons: reasonGroups(found).map(({ reason, letters }) => ({
          ...{ reason, count: letters.length },
          batchIds: [...new Set(letters.flatMap(({ batchId }) => batchId ?? []))],
          samples: letters.map(({ messageId, sentAt }) => ({
            messageId,
            sentAt: new Date(sentAt).toISOString(),
          })),
        })),
      });
    }),
  );
}
