import { randomUUID } from 'node:crypto';
import {
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { messageBodyKey } from '../batch/ids.ts';
import type { AddMessageInput, CommandMessage, ProviderMessage } from '../batch/messages.ts';
import { MESSAGE_SCHEMA_VERSION } from '../batch/messages.ts';
import type { DeadLetterSource, ObjectStore, Queues } from '../batch/ports.ts';

/** Above this a body is kept in the bucket: far below SQS's limit, and Lambda's for ten messages. */
const MAX_BODY_BYTES = 200 * 1024;
/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const MAX_DELAY_SECONDS = 900;

export interface QueueUrls {
  readonly batch: string;
  readonly work: string;
  /** By the queue that a message could not be handled in. */
  readonly deadLetters: Readonly<Record<DeadLetterSource, string>>;
}

/** @param objects where bodies go that are too large for a message */
export function realQueues(
  client: SQSClient,
  urls: QueueUrls,
  objects: Pick<ObjectStore, 'writer'>,
): Queues {
  return {
    async sendWork(message) {
      await client.send(
        new SendMessageCommand({ QueueUrl: urls.work, MessageBody: bodyText(message) }),
      );
    },
    async sendBatch(message, delaySeconds) {
      // SQS takes whole seconds only. Up, so that nothing comes before its time.
      const whole = Math.min(MAX_DELAY_SECONDS, Math.max(0, Math.ceil(delaySeconds)));
      const body = await offloadLargeBody(objects, bodyText(message), randomUUID());
      await client.send(
        new SendMessageCommand({ QueueUrl: urls.batch, MessageBody: body, DelaySeconds: whole }),
      );
    },
    async sendDeadLetter(queue, body, reason, messageId) {
      await client.send(
        new SendMessageCommand({
          QueueUrl: urls.deadLetters[queue],
          // A body at SQS's limit leaves no room for attributes, which count as part of it.
          MessageBody: await offloadLargeBody(objects, body, messageId),
          MessageAttributes: {
            reason: { DataType: 'String', StringValue: attributeText(reason) },
            messageId: { DataType: 'String', StringValue: attributeText(messageId) },
          },
        }),
      );
    },
  };
}

/** The body, or a message that points to it. */
export async function offloadLargeBody(
  objects: Pick<ObjectStore, 'writer'>,
  body: string,
  token: string,
): Promise<string> {
  const bytes = Buffer.from(body);
  if (bytes.length <= MAX_BODY_BYTES) return body;
  const key = messageBodyKey(token);
  const writer = objects.writer(key);
  try {
    await writer.write(bytes);
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
  return bodyText({ schemaVersion: MESSAGE_SCHEMA_VERSION, action: 'pointer', key });
}

/**
 * SQS refuses a message with any character outside of
 * #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** Attributes are for people who look into a queue: what they need fits. */
const MAX_ATTRIBUTE_LENGTH = 1_000;

/** A message as JSON. JSON.stringify has escaped all that is forbidden but the noncharacters. */
export function bodyText(message: object): string {
  return JSON.stringify(message).replace(
    FORBIDDEN,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}

/** Text as the value of an attribute, which must not be empty. */
export function attributeText(text: string): string {
  return text.slice(0, MAX_ATTRIBUTE_LENGTH).toWellFormed().replace(FORBIDDEN, '') || 'none';
}

/** Sends a user's message and gives the id that SQS knows it by. */
export async function sendBatchMessage(
  client: SQSClient,
  queueUrl: string,
  message: AddMessageInput | CommandMessage | ProviderMessage,
): Promise<string> {
  const { MessageId: messageId } = await client.send(
    new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: bodyText(message) }),
  );
  if (messageId === undefined) throw new Error('SQS gave the message no id');
  return messageId;
}

/** A message that was put aside. */
export interface DeadLetter {
  /** The id that it was sent with. */
  readonly messageId: string;
  /** What the handler said of it; absent if the queue put it aside, after too many tries. */
  readonly reason: string | undefined;
}

/** SQS hands out at most ten at a time, and any of those that there are. */
const MESSAGES = 10;
/** Waiting has SQS ask all of its servers, so that an empty answer means an empty queue. */
const WAIT_SECONDS = 1;
/** Looks without anything new after which there is nothing more to see. */
const IDLE_LOOKS = 2;
/** Together they see 300 messages at the most. */
const MAX_LOOKS = 30;

/**
 * Looks into a dead-letter queue until `isFound`, and leaves everything as it was: no message is
 * hidden from anybody, and the receives count for nothing, as no queue stands behind this one. Of a
 * long queue it sees a part.
 */
export async function peekDeadLetters(
  client: SQSClient,
  queueUrl: string,
  isFound: (letter: DeadLetter) => boolean,
): Promise<DeadLetter | undefined> {
  const seen = new Set<string>();
  for (let looks = 0, idle = 0; looks < MAX_LOOKS && idle < IDLE_LOOKS; looks++) {
    const { Messages: messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: MESSAGES,
        VisibilityTimeout: 0,
        WaitTimeSeconds: WAIT_SECONDS,
        MessageAttributeNames: ['reason', 'messageId'],
      }),
    );
    if (messages.length === 0) return undefined;
    const letters = messages.map(letterOf);
    const found = letters.find(isFound);
    if (found !== undefined) return found;
    const before = seen.size;
    for (const { messageId } of letters) seen.add(messageId);
    idle = seen.size === before ? idle + 1 : 0;
  }
  return undefined;
}

function letterOf({ MessageId: id = '', MessageAttributes: attributes }: Message): DeadLetter {
  const { messageId, reason } = attributes ?? {};
  return { messageId: messageId?.StringValue ?? id, reason: reason?.StringValue };
}
