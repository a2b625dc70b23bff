import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { CollectorQueue } from '../batch/collectorPorts.ts';
import type { ObjectStore } from '../batch/ports.ts';
import { attributeText, bodyText } from './messageText.ts';
import { slimmed } from './queues.ts';

/** The queue of single requests and its dead-letter queue, by their URLs. */
export function realCollectorQueue(
  client: SQSClient,
  urls: { readonly queue: string; readonly deadLetters: string },
  objects: Pick<ObjectStore, 'writer'>,
): CollectorQueue {
  return {
    async sendJoin(message) {
      await client.send(
        new SendMessageCommand({ QueueUrl: urls.queue, MessageBody: bodyText(message) }),
      );
    },
    async sendDeadLetter(body, reason, messageId) {
      await client.send(
        new SendMessageCommand({
          QueueUrl: urls.deadLetters,
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
