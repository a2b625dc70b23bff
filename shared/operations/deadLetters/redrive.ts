import { setTimeout as wait } from 'node:timers/promises';
import {
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  type ListMessageMoveTasksResultEntry,
  type SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import type { DeadLetterQueue } from './queues.ts';

/** How far SQS is with moving the messages of a dead-letter queue back. */
export interface MoveProgress {
  readonly status: 'running' | 'completed' | 'failed' | 'cancelled';
  readonly moved: number;
  /** About; null where SQS does not tell. */
  readonly toMove: number | null;
  /** SQS's word for why it failed. */
  readonly failure?: string | undefined;
}

const STATUSES: Readonly<Record<string, MoveProgress['status']>> = {
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
};

/**
 * Moves all messages of a dead-letter queue back to its queue, and tells how far that is until it
 * is over. A move that is under way already is followed, not started again. It goes on at SQS when
 * nobody follows it.
 *
 * @param pauseMs between two looks
 */
export async function* redrive(
  sqs: SQSClient,
  { queueUrl, deadLetterUrl }: DeadLetterQueue,
  { signal, pauseMs = 1_000 }: { readonly signal?: AbortSignal; readonly pauseMs?: number } = {},
): AsyncGenerator<MoveProgress> {
  const source = await arnOf(sqs, deadLetterUrl);
  const present = await newestTask(sqs, source);
  if (present === undefined || progressOf(present).status !== 'running')
    // SQS knows the origin of those messages only that it moved itself.
    await sqs.send(
      new StartMessageMoveTaskCommand({
        SourceArn: source,
        DestinationArn: await arnOf(sqs, queueUrl),
      }),
    );
  while (true) {
    const task = await newestTask(sqs, source);
    const progress = task && progressOf(task);
    if (progress) yield progress;
    if (progress && progress.status !== 'running') return;
    await wait(pauseMs, undefined, { signal });
  }
}

/** A task has no handle any more when it has ended: it is told by when it began. */
async function newestTask(
  sqs: SQSClient,
  source: string,
): Promise<ListMessageMoveTasksResultEntry | undefined> {
  const { Results: tasks = [] } = await sqs.send(
    new ListMessageMoveTasksCommand({ SourceArn: source, MaxResults: 10 }),
  );
  return tasks.toSorted((a, b) => (b.StartedTimestamp ?? 0) - (a.StartedTimestamp ?? 0))[0];
}

function progressOf(task: ListMessageMoveTasksResultEntry): MoveProgress {
  return {
    status: STATUSES[task.Status ?? ''] ?? 'running',
    moved: task.ApproximateNumberOfMessagesMoved ?? 0,
    toMove: task.ApproximateNumberOfMessagesToMove ?? null,
    failure: task.FailureReason,
  };
}

async function arnOf(sqs: SQSClient, queueUrl: string): Promise<string> {
  const { Attributes: attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
  );
  const arn = attributes?.QueueArn;
  if (arn === undefined) throw new Error(`SQS does not tell the ARN of ${queueUrl}`);
  return arn;
}
