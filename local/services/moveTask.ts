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
  /** Where messages go; undefined for where each came from. */
  readonly destination: { readonly arn: string; readonly url: string } | undefined;
  /** The queues whose redrive policy names the source. */
  readonly origins: readonly { readonly url: string; readonly maxReceiveCount: number }[];
  readonly messagesPerSecond: number | undefined;
}

/** A move of messages out of a dead-letter queue that has been started. */
export interface MoveTask {
  readonly handle: string;
  readonly move: Move;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  readonly status: 'RUNNING' | 'COMPLETED' | 'CANCELLING' | 'CANCELLED' | 'FAILED';
  readonly failureReason: string | undefined;
  readonly toMove: number;
  readonly moved: number;
  /** Moves nothing after the message that is on its way. */
  cancel(): void;
  readonly ended: Promise<void>;
}

/** How long a message is hidden that is being moved, in seconds: far above what a move takes. */
const HIDDEN_SECONDS = 30;

/**
 * Starts to move as many messages as there are now. What is put aside again in the meantime comes
 * after them, so that a message that fails at once does not go round and round.
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
 * Sends before it deletes: whatever ends this process in between leaves a message twice, not none.
 *
 * @returns whether there was one
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
        QueueUrl: destination?.url ?? originOf(message, origins),
        MessageBody: message.Body,
        MessageAttributes: message.MessageAttributes,
      }),
    );
  } catch (error) {
    // Not 0: with its data on disk the emulator fails at that, and loses the message.
    await sqs.send(new ChangeMessageVisibilityCommand({ ...handle, VisibilityTimeout: 1 }));
    throw error;
  }
  await sqs.send(new DeleteMessageCommand(handle));
  return true;
}

/**
 * SQS knows where a message came from only if a redrive policy moved it. The emulator keeps no
 * origin, but the count of receives with which a policy moves a message: one above the policy's.
 */
function originOf({ Attributes }: Message, origins: Move['origins']): string {
  const [origin, ...others] = origins;
  const receives = Number(Attributes?.ApproximateReceiveCount) - 1;
  if (origin === undefined || others.length > 0 || receives <= origin.maxReceiveCount)
    throw new Error('CouldNotDetermineMessageSource');
  return origin.url;
}

/** With the hidden ones: the emulator notices that a message is visible again when it is asked for one. */
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
