import { setTimeout as wait } from 'node:timers/promises';
import {
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  type ListMessageMoveTasksResultEntry,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import type { ResourceIds } from '../handlerMetadata.ts';

/** About how many messages a queue has: SQS counts from many machines, and is a little behind. */
export interface Depth {
  /** To be received. */
  readonly waiting: number;
  /** Received, and neither deleted nor given back yet. */
  readonly inFlight: number;
  /** Sent with a delay that has not passed. */
  readonly delayed: number;
}

const NAMES = {
  waiting: 'ApproximateNumberOfMessages',
  inFlight: 'ApproximateNumberOfMessagesNotVisible',
  delayed: 'ApproximateNumberOfMessagesDelayed',
} as const;

export async function depthOf(sqs: SQSClient, queueUrl: string): Promise<Depth> {
  const { Attributes: attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: Object.values(NAMES) }),
  );
  const count = (name: keyof Depth): number => Number(attributes[NAMES[name]] ?? 0);
  return { waiting: count('waiting'), inFlight: count('inFlight'), delayed: count('delayed') };
}

/** All that it has. */
export function totalOf({ waiting, inFlight, delayed }: Depth): number {
  return waiting + inFlight + delayed;
}

/** A message that was put aside. */
export interface DeadLetter {
  /** That it was sent with; one that SQS itself moved keeps it. */
  readonly messageId: string;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  /** Why, if the handler put it aside; without one, SQS did after too many failures. */
  readonly reason: string | undefined;
  /** The batch, where the message names one. */
  readonly batchId: string | undefined;
}

/** Of one receive. */
const MOST_MESSAGES = 10;
/** Receives: each asks some of a queue's machines, so that one alone may miss what there is. */
const LOOKS = 4;

/** Some of a dead-letter queue's messages, which stay there as they are. */
export async function lookAtDeadLetters(
  sqs: SQSClient,
  queueUrl: string,
): Promise<readonly DeadLetter[]> {
  const seen = new Map<string, DeadLetter>();
  for (let looks = 0; looks < LOOKS && seen.size < MOST_MESSAGES; looks++) {
    const { Messages: messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: MOST_MESSAGES,
        VisibilityTimeout: 0,
        MessageSystemAttributeNames: ['SentTimestamp'],
        MessageAttributeNames: ['reason', 'messageId'],
      }),
    );
    for (const message of messages) seen.set(message.MessageId ?? '', deadLetterOf(message));
  }
  return [...seen.values()];
}

function deadLetterOf({ MessageId, Body, Attributes, MessageAttributes }: Message): DeadLetter {
  return {
    messageId: MessageAttributes?.messageId?.StringValue ?? MessageId ?? '',
    sentAt: Number(Attributes?.SentTimestamp ?? 0),
    reason: MessageAttributes?.reason?.StringValue,
    batchId: batchIdIn(Body),
  };
}

/** The body may hold requests, and is nobody's business beyond that. */
function batchIdIn(body = ''): string | undefined {
  try {
    const { batchId } = JSON.parse(body) as { batchId?: unknown };
    return typeof batchId === 'string' ? batchId : undefined;
  } catch {
    return undefined;
  }
}

export const DEAD_LETTER_SOURCES = ['batch', 'work', 'outcome', 'collector'] as const;
/** Whose messages a dead-letter queue holds. */
export type DeadLetterSource = (typeof DEAD_LETTER_SOURCES)[number];

/** A queue with what was put aside of it. Both are URLs. */
export interface DeadLetterQueue {
  readonly source: DeadLetterSource;
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
}

/** Those that the handler has: without a collector there is none for it. */
export function deadLetterQueues(resources: ResourceIds): readonly DeadLetterQueue[] {
  return DEAD_LETTER_SOURCES.flatMap((source) => {
    const queueUrl = resources[`${source}Queue`];
    const deadLetterUrl = resources[DEAD_LETTER_IDS[source]];
    if (queueUrl === undefined || deadLetterUrl === undefined) return [];
    return [{ source, queueUrl, deadLetterUrl }];
  });
}

const DEAD_LETTER_IDS = {
  batch: 'deadLetterQueue',
  work: 'workDeadLetterQueue',
  outcome: 'outcomeDeadLetterQueue',
  collector: 'collectorDeadLetterQueue',
} as const;

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
