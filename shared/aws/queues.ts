import { createHash, randomUUID } from 'node:crypto';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { messageBodyKey } from '../batch/ids.ts';
import type {
  AddMessageInput,
  CommandMessage,
  ProviderMessage,
  RemoveMessage,
} from '../batch/messages.ts';
import { MESSAGE_SCHEMA_VERSION } from '../batch/messages.ts';
import type { DeadLetterSource, ObjectStore, Queues } from '../batch/ports.ts';

/** Larger bodies are kept in the bucket. This is far below SQS's limit and Lambda's for ten messages. */
const MAX_BODY_BYTES = 200 * 1024;
/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const MAX_DELAY_SECONDS = 900;

export interface QueueUrls {
  readonly batch: string;
  readonly work: string;
  /** By the queue that the message was in. */
  readonly deadLetters: Readonly<Record<DeadLetterSource, string>>;
}

/** @param objects keeps the bodies that are too large for a message */
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
      // SQS takes whole seconds. Rounded up, so that no message arrives before its time.
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
          // Attributes count towards SQS's limit, so a body of that size leaves no room for them.
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

/**
 * Moves a body that is too large for a message into the bucket.
 *
 * @returns the body, or that of a message that points to it
 */
export async function offloadLargeBody(
  objects: Pick<ObjectStore, 'writer'>,
  body: string,
  token: string,
): Promise<string> {
  const bytes = Buffer.from(body);
  if (bytes.length <= MAX_BODY_BYTES) return body;
  // A repeated call writes the same object again; another body under the token has one of its own.
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  const key = messageBodyKey(`${token}-${digest}`);
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

/** Attributes are for people who look into a queue. A reason fits. */
const MAX_ATTRIBUTE_LENGTH = 1_000;

/** The same, and half of any pair of surrogates: emulators of SQS refuse the characters above U+FFFF. */
const ESCAPED = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g;

/** A message as JSON, in which what SQS refuses is escaped. */
export function bodyText(message: object): string {
  return JSON.stringify(message).replace(
    ESCAPED,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}

/** Text as the value of a message attribute, which must not be empty. */
export function attributeText(text: string): string {
  return text.slice(0, MAX_ATTRIBUTE_LENGTH).toWellFormed().replace(FORBIDDEN, '') || 'none';
}

/**
 * Sends a user's message to the batch queue.
 *
 * @returns the id that SQS gave the message
 */
export async function sendBatchMessage(
  client: SQSClient,
  queueUrl: string,
  message: AddMessageInput | CommandMessage | ProviderMessage | RemoveMessage,
): Promise<string> {
  const { MessageId: messageId } = await client.send(
    new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: bodyText(message) }),
  );
  if (messageId === undefined) throw new Error('SQS returned no MessageId for the message');
  return messageId;
}
