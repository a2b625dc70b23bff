import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

export interface Move {
  readonly source: { readonly arn: string; readonly url: string };
  /** The queue that gets the messages. Undefined to return each to the queue it came from. */
  readonly destination: { readonly arn: string; readonly url: string } | undefined;
  /** The queues whose redrive policy names the source. */
  readonly origins: readonly { readonly url: string; readonly maxReceiveCount: number }[];
  readonly messagesPerSecond: number | undefined;
}

/** A running or ended move of messages from a dead-letter queue. */
export interface MoveTask {
  readonly handle: string;
  readonly move: Move;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly status: 'RUNNING' | 'COMPLETED' | 'CANCELLING' | 'CANCELLED' | 'FAILED';
  readonly failureReason: string | undefined;
  readonly toMove: number;
  readonly moved: number;
  /** Stops after the message that is being moved. */
  cancel(): void;
  readonly ended: Promise<void>;
}

/** The visibility timeout of a message while it is moved, which takes far less. */
const HIDDEN_SECONDS = 30;

/**
 * Starts to move as many messages as the queue has now. Messages that return to the queue in the
 * meantime are not moved again, so that one that fails at once does not circulate forever.
 */
export async function startMove(sqs: SQSClient, move: Move): Promise<MoveTask> {
  const cancelled = new AbortController();
  const state = {
    handle: Buffer.from(
      JSON.stringify({ taskId: randomUUID(), sourceArn: move.source.arn }),
    ).toString('base64'),
    move,
    startedAt: Date.now(),
    status: 'RUNNING' as MoveTask['status'],
    failureReason: undefined as string | undefined,
    toMove: await countMessages(sqs, move.source.url),
    moved: 0,
    cancel(): void {
      if (state.status !== 'RUNNING') return;
      state.status = 'CANCELLING';
      cancelled.abort();
    },
  };
  const run = async (): Promise<void> => {
    while (state.moved < state.toMove && !cancelled.signal.aborted) {
      if (!(await moveOne(sqs, move))) return;
      state.moved += 1;
      if (move.messagesPerSecond !== undefined && state.moved < state.toMove)
        await pause(1_000 / move.messagesPerSecond, cancelled.signal);
    }
  };
  const ended = run().then(
    () => {
      state.status = state.status === 'CANCELLING' ? 'CANCELLED' : 'COMPLETED';
    },
    (error: unknown) => {
      state.status = 'FAILED';
      state.failureReason = error instanceof Error ? error.message : String(error);
    },
  );
  return Object.assign(state, { ended });
}

/**
 * Moves one message. It sends before it deletes, so that a kill in between duplicates the message
 * instead of losing it.
 *
 * @returns whether there was a message
 */
async function moveOne(sqs: SQSClient, { source, destination, origins }: Move): Promise<boolean> {
  const { Messages: [message] = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: source.url,
      VisibilityTimeout: HIDDEN_SECONDS,
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      MessageAttributeNames: ['All'],
    }),
  );
  if (message === undefined) return false;
  const handle = { QueueUrl: source.url, ReceiptHandle: message.ReceiptHandle };
  try {
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: destination?.url ?? queueOfOrigin(message, origins),
        MessageBody: message.Body,
        MessageAttributes: message.MessageAttributes,
      }),
    );
  } catch (error) {
    // With 0 the emulator fails and loses the message if its data is on disk.
    await sqs.send(new ChangeMessageVisibilityCommand({ ...handle, VisibilityTimeout: 1 }));
    throw error;
  }
  await sqs.send(new DeleteMessageCommand(handle));
  return true;
}

/**
 * The URL of the queue that a message came from. SQS knows it if a redrive policy moved the message.
 * The emulator stores no origin, but a policy moves a message when its receive count exceeds that of
 * the policy by one.
 */
function queueOfOrigin({ Attributes }: Message, origins: Move['origins']): string {
  const [origin, ...others] = origins;
  const receives = Number(Attributes?.ApproximateReceiveCount) - 1;
  if (origin === undefined || others.length > 0 || receives <= origin.maxReceiveCount)
    throw new Error('CouldNotDetermineMessageSource');
  return origin.url;
}

/** Counts hidden messages, too, because the emulator makes them visible only at the next receive. */
async function countMessages(sqs: SQSClient, url: string): Promise<number> {
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
  const { Attributes: attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] }),
  );
  return names.reduce((sum, name) => sum + Number(attributes?.[name] ?? 0), 0);
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, { signal }).catch(() => {});
}
