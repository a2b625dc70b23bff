import { randomUUID } from 'node:crypto';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { SCHEMA_VERSION } from '../batch/batch.ts';
import { messageBodyKey } from '../batch/identifiers.ts';
import type { DeadLetterSource, ObjectStore, Queues } from '../batch/ports.ts';
import { attributeText, bodyText } from './messageText.ts';

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
      const body = await slimmed(objects, bodyText(message), randomUUID());
      await client.send(
        new SendMessageCommand({ QueueUrl: urls.batch, MessageBody: body, DelaySeconds: whole }),
      );
    },
    async sendDeadLetter(queue, body, reason, messageId) {
      await client.send(
        new SendMessageCommand({
          QueueUrl: urls.deadLetters[queue],
          // A body at SQS's limit leaves no room for attributes, which count as part of it.
          MessageBody: await slimmed(objects, body, messageId),
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
export async function slimmed(
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
  return bodyText({ schemaVersion: SCHEMA_VERSION, action: 'pointer', key });
}
