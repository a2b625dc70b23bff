import { setTimeout as wait } from 'node:timers/promises';
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Target } from '../lambda/functions.ts';
import { createSlots } from '../lambda/slots.ts';
import { succeededIds } from './outcome.ts';
import { sqsEvent } from './sqsEvent.ts';

export interface EventSource {
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly target: Target;
  readonly batchSize: number;
  readonly maximumConcurrency: number;
  readonly reportsPartialFailures: boolean;
}

/** SQS's longest poll, in seconds. */
const POLL_SECONDS = 20;

/**
 * Lambda's poller of one event source mapping: receives, invokes, deletes what succeeded.
 *
 * @returns stops receiving; messages whose invocation is under way stay in the queue
 */
export function startPoller(sqs: SQSClient, source: EventSource): () => void {
  const { queueUrl, target } = source;
  const slots = createSlots(source.maximumConcurrency);
  const stopping = new AbortController();

  const handle = async (messages: Message[]): Promise<void> => {
    const event = sqsEvent(messages, source.queueArn);
    const result = await target.lambda.invoke(JSON.stringify(event), { invokedArn: target.arn });
    if (stopping.signal.aborted && result.functionError !== undefined) return;
    const ids = messages.map(({ MessageId = '' }) => MessageId);
    const done = succeededIds(ids, result, source.reportsPartialFailures);
    const entries = messages
      .filter(({ MessageId = '' }) => done.includes(MessageId))
      .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    if (entries.length > 0)
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
  };

  const receive = async (): Promise<Message[]> => {
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: source.batchSize,
      WaitTimeSeconds: POLL_SECONDS,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    });
    const { Messages = [] } = await sqs.send(command, { abortSignal: stopping.signal });
    return Messages;
  };

  const poll = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const free = await slots.take();
      try {
        const messages = await receive();
        if (messages.length === 0) free();
        else void handle(messages).catch(report).finally(free);
      } catch (error) {
        free();
        report(error);
        await wait(500, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  };

  const report = (error: unknown): void => {
    if (!stopping.signal.aborted)
      process.stderr.write(`${target.lambda.name} is not fed from ${queueUrl}: ${error}\n`);
  };

  void poll();
  return () => stopping.abort();
}
