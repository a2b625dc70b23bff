import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { ObjectStore } from '../batch/ports.ts';
import type { CollectorQueue } from '../collector/contract.ts';
import { attributeText, bodyText, offloadLargeBody } from './queues.ts';

export interface CollectorQueueUrls {
  readonly queue: string;
  readonly deadLetters: string;
}

/** The queue of single requests and its dead-letter queue. */
export function realCollectorQueue(
  client: SQSClient,
  urls: CollectorQueueUrls,
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
