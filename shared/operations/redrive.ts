import { setTimeout as wait } from 'node:timers/promises';
import {
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  type ListMessageMoveTasksResultEntry,
  type SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { type DeadLetter, sampleDeadLetters } from '../aws/deadLetters.ts';
import type { HandlerQueue } from './handlerQueues.ts';

/** Approximate numbers of messages: SQS adds up those of many servers, with a small delay. */
export interface QueueDepth {
  /** Can be received. */
  readonly waiting: number;
  /** Received, and neither deleted nor visible again. */
  readonly inFlight: number;
  /** Sent with a delay that has not passed. */
  readonly delayed: number;
  /** All of them. */
  readonly total: number;
}

export async function queueDepth(sqs: SQSClient, queueUrl: string): Promise<QueueDepth> {
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

/** The dead letters of a queue. */
export interface DeadLetters {
  /** Approximate number of all. */
  readonly count: number;
  /** Some of them. */
  readonly samples: readonly DeadLetter[];
}

export async function readDeadLetters(
  sqs: SQSClient,
  { deadLetterUrl }: HandlerQueue,
): Promise<DeadLetters> {
  const { total } = await queueDepth(sqs, deadLetterUrl);
  const samples = await sampleDeadLetters(sqs, deadLetterUrl);
  // SQS counts with a delay, and may have fewer than were read.
  return { count: Math.max(total, samples.length), samples };
}

/** Progress of SQS in moving the messages of a dead-letter queue back. */
export interface MoveProgress {
  readonly status: 'running' | 'completed' | 'failed' | 'cancelled';
  readonly moved: number;
  /** Approximate number of messages to move; null if SQS does not say. */
  readonly toMove: number | null;
  /** SQS's reason, if the move failed. */
  readonly failure?: string | undefined;
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
 * @param options.signal stops following
 * @param options.pollMs between two requests for the progress. Default 1000
 * @throws Error if SQS does not list the move for 60 requests in a row
 */
export async function* redrive(
  sqs: SQSClient,
  { url, deadLetterUrl }: HandlerQueue,
  { signal, pollMs = 1_000 }: { readonly signal?: AbortSignal; readonly pollMs?: number } = {},
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
    await wait(pollMs, undefined, { signal });
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
