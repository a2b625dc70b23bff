import type { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { StackResources } from '../template/resources.ts';
import { type MoveTask, startMove } from './moveTask.ts';
import { invalidParameter, parseBody, type Service, SqsError, sqsOperation } from './service.ts';

/** SQS's redrive of dead-letter queues, which the emulator lacks. */
export interface MessageMoves {
  /** The operations, by X-Amz-Target. */
  readonly operations: Readonly<Record<string, Service>>;
  /** Cancels all tasks. Resolves when no message is being moved. */
  stop(): Promise<void>;
}

/** How many tasks of a queue SQS lists. */
const MAX_TASKS = 10;

const startSchema = z.object({
  SourceArn: z.string(),
  DestinationArn: z.string().optional(),
  MaxNumberOfMessagesPerSecond: z.number().int().min(1).max(500).optional(),
});
const listSchema = z.object({
  SourceArn: z.string(),
  MaxResults: z.number().int().min(1).max(MAX_TASKS).default(1),
});
const cancelSchema = z.object({ TaskHandle: z.string() });

/**
 * StartMessageMoveTask, ListMessageMoveTasks and CancelMessageMoveTask for the queues of the stack.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
 */
export function messageMoves(sqs: SQSClient, queues: StackResources['queues']): MessageMoves {
  /** The latest tasks of each queue, newest first. */
  const tasks = new Map<string, readonly MoveTask[]>();
  /** The queues whose task is being started. */
  const starting = new Set<string>();
  const tasksOf = (arn: string): readonly MoveTask[] => tasks.get(arn) ?? [];
  const queueOf = (arn: string, parameter: string) => {
    const queue = queues.find((each) => each.arn === arn);
    if (queue !== undefined) return queue;
    const text = `The resource that you specified for the ${parameter} parameter doesn't exist.`;
    throw new SqsError('ResourceNotFoundException', text);
  };

  async function start(body: string): Promise<object> {
    const { SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond } = parseBody(
      startSchema,
      body,
    );
    const source = queueOf(SourceArn, 'SourceArn');
    const origins = queues.flatMap(({ url, RedrivePolicy: policy }) =>
      policy?.deadLetterTargetArn === SourceArn
        ? [{ url, maxReceiveCount: policy.maxReceiveCount }]
        : [],
    );
    if (origins.length === 0)
      throw invalidParameter('Source queue must be configured as a Dead Letter Queue.');
    if (SourceArn === DestinationArn)
      throw invalidParameter('Source queue arn and destination queue arn cannot be the same.');
    const destination =
      DestinationArn === undefined ? undefined : queueOf(DestinationArn, 'DestinationArn');
    if (starting.has(SourceArn) || tasksOf(SourceArn).some(isActive))
      throw invalidParameter(
        'There is already a task running. Only one active task is allowed for a source queue arn at a given time.',
      );
    starting.add(SourceArn);
    try {
      const messagesPerSecond = MaxNumberOfMessagesPerSecond;
      const task = await startMove(sqs, { source, destination, origins, messagesPerSecond });
      tasks.set(SourceArn, [task, ...tasksOf(SourceArn)].slice(0, MAX_TASKS));
      return { TaskHandle: task.handle };
    } finally {
      starting.delete(SourceArn);
    }
  }

  async function list(body: string): Promise<object> {
    const { SourceArn, MaxResults } = parseBody(listSchema, body);
    queueOf(SourceArn, 'SourceArn');
    return { Results: tasksOf(SourceArn).slice(0, MaxResults).map(taskResult) };
  }

  async function cancel(body: string): Promise<object> {
    const { TaskHandle } = parseBody(cancelSchema, body);
    const task = [...tasks.values()].flat().find(({ handle }) => handle === TaskHandle);
    if (task === undefined) throw new SqsError('ResourceNotFoundException', 'Task does not exist.');
    if (task.status !== 'RUNNING')
      throw new SqsError('UnsupportedOperation', 'Only active tasks can be cancelled.');
    task.cancel();
    return { ApproximateNumberOfMessagesMoved: task.moved };
  }

  return {
    operations: {
      'AmazonSQS.StartMessageMoveTask': sqsOperation(start),
      'AmazonSQS.ListMessageMoveTasks': sqsOperation(list),
      'AmazonSQS.CancelMessageMoveTask': sqsOperation(cancel),
    },
    async stop() {
      const all = [...tasks.values()].flat();
      for (const task of all) task.cancel();
      await Promise.all(all.map(({ ended }) => ended));
    },
  };
}

function isActive({ status }: MoveTask): boolean {
  return status === 'RUNNING' || status === 'CANCELLING';
}

function taskResult({ handle, move, status, startedAt, toMove, moved, failureReason }: MoveTask) {
  return {
    // In SQS only a running task has a handle.
    TaskHandle: status === 'RUNNING' ? handle : undefined,
    Status: status,
    SourceArn: move.source.arn,
    DestinationArn: move.destination?.arn,
    MaxNumberOfMessagesPerSecond: move.messagesPerSecond,
    ApproximateNumberOfMessagesMoved: moved,
    ApproximateNumberOfMessagesToMove: toMove,
    FailureReason: failureReason,
    StartedTimestamp: startedAt,
  };
}
