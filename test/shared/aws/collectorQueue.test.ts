import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { realCollectorQueue } from '../../../shared/aws/collector.ts';
import { MemoryBucket } from '../../../simulators/memory/bucket.ts';
import { type Emulators, startEmulators } from '../../support/emulators.ts';

let emulators: Emulators;
beforeAll(async () => {
  emulators = await startEmulators();
});
afterAll(() => emulators.stop());

it('sends joins to the queue, and refused requests beside it with their reason', async () => {
  const urls = {
    queue: await emulators.createQueue('requests'),
    deadLetters: await emulators.createQueue('dead'),
  };
  const bucket = new MemoryBucket();
  const objects = bucket.store();
  const queue = realCollectorQueue(emulators.sqs, urls, objects);
  const receive = async (url: string) => {
    const { Messages: messages = [] } = await emulators.sqs.send(
      new ReceiveMessageCommand({
        ...{ QueueUrl: url, WaitTimeSeconds: 5, MaxNumberOfMessages: 10 },
        MessageAttributeNames: ['All'],
      }),
    );
    return messages;
  };

  await queue.sendJoin({ action: 'join', laneId: 'l', window: 3 });
  const [join] = await receive(urls.queue);
  expect(JSON.parse(join?.Body ?? '')).toEqual({ action: 'join', laneId: 'l', window: 3 });

  await queue.sendDeadLetter('{"custom_id":"x"}', 'invalid_message: url', 'm1');
  const [small] = await receive(urls.deadLetters);
  expect(small?.Body).toBe('{"custom_id":"x"}');
  expect(small?.MessageAttributes?.reason?.StringValue).toBe('invalid_message: url');
  expect(small?.MessageAttributes?.messageId?.StringValue).toBe('m1');

  const large = JSON.stringify({ body: 'x'.repeat(300_000) });
  await queue.sendDeadLetter(large, 'too much', 'm2');
  const pointers = (await receive(urls.deadLetters)).map(({ Body }) => JSON.parse(Body ?? ''));
  const pointer = pointers.find(({ action }) => action === 'pointer');
  expect(String(bucket.objects.get(pointer?.key))).toBe(large);
});
