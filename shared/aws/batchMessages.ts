import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { AddMessageInput, CommandMessage, ProviderMessage } from '../batch/messages.ts';
import { bodyText } from './messageText.ts';

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
