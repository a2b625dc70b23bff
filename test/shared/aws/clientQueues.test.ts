import type { SQSClient } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { realClientQueues } from '../../../shared/aws/clientQueues.ts';

const batch = { url: 'https://sqs/batch', deadLetterUrl: 'https://sqs/batch-dead' };

it('stops following a move that SQS never lists, and says how to look at it later', async () => {
  const sent: string[] = [];
  const send = async (command: object) => {
    sent.push(command.constructor.name);
    return command.constructor.name.startsWith('GetQueue')
      ? { Attributes: { QueueArn: 'arn:aws:sqs:eu-west-1:1:dead' } }
      : {};
  };
  const follow = async () => {
    const queues = realClientQueues({ send } as unknown as SQSClient, { batch });
    for await (const _ of queues.redrive('batch', { pollMs: 0 }));
  };
  await expect(follow()).rejects.toThrow(
    /does not list it.*aws sqs list-message-move-tasks --source-arn arn:aws:sqs:eu-west-1:1:dead/,
  );
  expect(sent.filter((name) => name.startsWith('StartMessageMove'))).toHaveLength(1);
});
