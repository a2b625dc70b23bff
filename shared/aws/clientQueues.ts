import { setTimeout as wait } from 'node:timers/promises';
import {
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  type ListMessageMoveTasksResultEntry,
  type SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import {
  type ClientQueues,
  type MoveOptions,
  type MoveProgress,
  QUEUE_NAMES,
  type QueueDepth,
  type QueueName,
} from '../batch/clientPorts.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { findDeadLetter, sampleDeadLetters } from './deadLetters.ts';
import { sendBatchMessage } from './queues.ts';

/** The URLs of a queue and of its dead-letter queue. */
export interface QueuePair {
  readonly url: string;
  readonly deadLetterUrl: string;
}

/** The queues of a handler in SQS, for its clients, with their own credentials. */
export function realClientQueues(
  sqs: SQSClient,
  queues: Readonly<Partial<Record<QueueName, QueuePair>>>,
): ClientQueues {
  const pairOf = (name: QueueName): QueuePair => {
    const pair = queues[name];
    if (pair === undefined) throw new Error(`the handler has no ${name} queue`);
    return pair;
  };
  return {
    names: QUEUE_NAMES.filter((name) => queues[name] !== undefined),
    send: (message) => sendBatchMessage(sqs, pairOf('batch').url, message),
    findRefused: (messageId) =>
      findDeadLetter(sqs, pairOf('batch').deadLetterUrl, (each) => each.messageId === messageId),
    depth: (name) => queueDepth(sqs, pairOf(name).url),
    countDeadLetters: async (name) => (await queueDepth(sqs, pairOf(name).deadLetterUrl)).total,
    async deadLetters(name) {
      const { deadLetterUrl } = pairOf(name);
      const { total } = await queueDepth(sqs, deadLetterUrl);
      const samples = await sampleDeadLetters(sqs, deadLetterUrl);
      // SQS counts with a delay, and may have fewer than were read.
      return { count: Math.max(total, samples.length), samples };
    },
    redrive: (name, options) => redrive(sqs, pairOf(name), options),
  };
}

/** Approximate: SQS adds up the numbers of many servers, with a small delay. */
async function queueDepth(sqs: SQSClient, queueUrl: string): Promise<QueueDepth> {
  const { Attributes: attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
        'ApproximateNumberOfMessagesDelayed',
      ],
    }),
  );
  const waiting = Number(attributes.ApproximateNumberOfMessages ?? 0);
  const inFlight = Number(attributes.ApproximateNumberOfMessagesNotVisible ?? 0);
  const delayed = Number(attributes.ApproximateNumberOfMessagesDelayed ?? 0);
  return { waiting, inFlight, delayed, total: waiting + inFlight + delayed };
}

const MOVE_STATUS: Readonly<Record<string, MoveProgress['status']>> = {
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
};

/** Requests for the progress that may be answered without the move, which goes on all the same. */
const MAX_UNLISTED = 60;

/**
 * Moves all messages of a dead-letter queue back to its queue, and yields the progress until the
 * move has ended. A move that runs already is followed instead of started again. SQS completes the
 * move even if the caller stops reading.
 *
 * @throws Error if SQS does not list the move for 60 requests in a row
 */
async function* redrive(
  sqs: SQSClient,
  { url, deadLetterUrl }: QueuePair,
  { signal, pollMs = 1_000 }: MoveOptions = {},
): AsyncGenerator<MoveProgress> {
  const source = await queueArn(sqs, deadLetterUrl);
  const present = await newestMove(sqs, source);
  if (present === undefined || moveProgress(present).status !== 'running')
    // The destination is named, because SQS knows it only of messages that SQS itself moved here.
    await sqs.send(
      new StartMessageMoveTaskCommand({
        SourceArn: source,
        DestinationArn: await queueArn(sqs, url),
      }),
    );
  let unlisted = 0;
  while (true) {
    const move = await newestMove(sqs, source);
    const progress = move && moveProgress(move);
    if (progress) yield progress;
    if (progress && progress.status !== 'running') return;
    unlisted = progress ? 0 : unlisted + 1;
    if (unlisted >= MAX_UNLISTED) {
      const how = `aws sqs list-message-move-tasks --source-arn ${source}`;
      throw new Error(`SQS has begun the move and does not list it: look at it later (${how})`);
    }
    await wait(pollMs, undefined, omitUndefined({ signal }));
  }
}

/** A move that has ended has no handle any more, so the newest one is found by its start. */
async function newestMove(
  sqs: SQSClient,
  source: string,
): Promise<ListMessageMoveTasksResultEntry | undefined> {
  const { Results: moves = [] } = await sqs.send(
    new ListMessageMoveTasksCommand({ SourceArn: source, MaxResults: 10 }),
  );
  return moves.toSorted((a, b) => (b.StartedTimestamp ?? 0) - (a.StartedTimestamp ?? 0))[0];
}

function moveProgress(move: ListMessageMoveTasksResultEntry): MoveProgress {
  return {
    status: MOVE_STATUS[move.Status ?? ''] ?? 'running',
    moved: move.ApproximateNumberOfMessagesMoved ?? 0,
    toMove: move.ApproximateNumberOfMessagesToMove ?? null,
    failure: move.FailureReason,
  };
}

async function queueArn(sqs: SQSClient, queueUrl: string): Promise<string> {
  const { Attributes: attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
  );
  const arn = attributes?.QueueArn;
  if (arn === undefined) throw new Error(`SQS does not return the ARN of ${queueUrl}`);
  return arn;
}
