import { setTimeout as wait } from 'node:timers/promises';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent, SQSMessageAttributes } from 'aws-lambda';
import * as z from 'zod';
import { readQueue } from '../emulators/createResources.ts';
import type { Target } from '../lambda/functions.ts';
import { createSlots } from '../lambda/lambdaFunction.ts';
import type { InvocationResult } from '../lambda/protocol.ts';
import { LOCAL_REGION } from '../template/account.ts';

export interface EventSource {
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly target: Target;
  readonly batchSize: number;
  readonly maximumConcurrency: number;
  readonly reportsPartialFailures: boolean;
}

/** SQS's longest poll. */
const POLL_SECONDS = 20;

/**
 * Starts the poller of an event source mapping. It receives messages, invokes the function and deletes
 * the messages that succeeded.
 *
 * @returns stops receiving. Messages that are being processed stay in the queue
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
      process.stderr.write(`polling ${queueUrl} for ${target.lambda.name} failed: ${error}\n`);
  };

  void poll();
  return () => stopping.abort();
}

/** The event with which Lambda invokes a function for messages of a queue. */
export function sqsEvent(messages: readonly Message[], queueArn: string): SQSEvent {
  return {
    Records: messages.map((message) => ({
      messageId: message.MessageId ?? '',
      receiptHandle: message.ReceiptHandle ?? '',
      body: message.Body ?? '',
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: '0',
        SenderId: '',
        ApproximateFirstReceiveTimestamp: '0',
        ...message.Attributes,
      },
      messageAttributes: messageAttributesOf(message),
      md5OfBody: message.MD5OfBody ?? '',
      eventSource: 'aws:sqs',
      eventSourceARN: queueArn,
      awsRegion: LOCAL_REGION,
    })),
  };
}

function messageAttributesOf({ MessageAttributes = {} }: Message): SQSMessageAttributes {
  const attributes: SQSMessageAttributes = {};
  for (const [name, value] of Object.entries(MessageAttributes))
    attributes[name] = {
      dataType: value.DataType ?? 'String',
      stringValue: value.StringValue,
      binaryValue: value.BinaryValue && Buffer.from(value.BinaryValue).toString('base64'),
      stringListValues: [],
      binaryListValues: [],
    };
  return attributes;
}

/**
 * Makes the messages visible that an earlier run received and did not delete. Their receiver ended
 * with that run, so waiting for the visibility timeout would gain nothing.
 */
export async function releaseMessages(
  sqs: SQSClient,
  emulatorUrl: string,
  queue: { readonly name: string; readonly url: string },
): Promise<void> {
  const { inflight } = await readQueue(emulatorUrl, queue.name);
  for (const { receiptHandle } of inflight)
    await sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queue.url,
        ReceiptHandle: receiptHandle,
        // With 0 the emulator fails and loses the message if its data is on disk.
        VisibilityTimeout: 1,
      }),
    );
}

const responseSchema = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })).nullish() })
  .nullable();

/**
 * The messages that an invocation has processed. The others are received again once they are visible.
 * As in Lambda, an invalid report of failures means that all have failed:
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function succeededIds(
  messageIds: readonly string[],
  result: InvocationResult,
  reportsPartialFailures: boolean,
): readonly string[] {
  if (result.functionError !== undefined) return [];
  if (!reportsPartialFailures) return messageIds;
  const response = responseSchema.safeParse(JSON.parse(result.payload));
  if (!response.success) return [];
  const failed = (response.data?.batchItemFailures ?? []).map((item) => item.itemIdentifier);
  if (failed.some((id) => !messageIds.includes(id))) return [];
  return messageIds.filter((id) => !failed.includes(id));
}
