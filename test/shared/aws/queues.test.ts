import { text } from 'node:stream/consumers';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { realObjectStore } from '../../../shared/aws/objectStore.ts';
import { type QueueUrls, realQueues } from '../../../shared/aws/queues.ts';
import { pointerMessageSchema } from '../../../shared/batch/messages.ts';
import type { ObjectStore, Queues } from '../../../shared/batch/ports.ts';
import { clientSettings, type Emulators, startEmulators } from '../../support/emulators.ts';
import { startProxy, times } from '../../support/emulatorsProxy.ts';

let emulators: Emulators;
let urls: QueueUrls;
let objects: ObjectStore;
let queues: Queues;

beforeAll(async () => {
  emulators = await startEmulators();
  const [batch = '', work = '', refused = '', malformed = ''] = await Promise.all(
    ['batch', 'work', 'refused', 'malformed'].map((name) => emulators.createQueue(name)),
  );
  urls = { batch, work, deadLetters: { batch: refused, work: malformed } };
  await emulators.createBucket('bucket');
  objects = realObjectStore(emulators.s3, { bucket: 'bucket', inputBuckets: [] });
  queues = realQueues(emulators.sqs, urls, objects);
});
afterAll(() => emulators.stop());

async function receive(url: string) {
  const { Messages: [message] = [] } = await emulators.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: url,
      MessageAttributeNames: ['All'],
      WaitTimeSeconds: 5,
      VisibilityTimeout: 600,
    }),
  );
  return message;
}

function readText(key: string): Promise<string> {
  return text(objects.read(key));
}

describe('a message for the batch queue', () => {
  test.each([
    [0, 0],
    [-5, 0],
    [0.2, 1],
    [29.5, 30],
    [900, 900],
    [86_400, 900],
  ])('is delayed %d seconds: %i for SQS', async (delaySeconds, sent) => {
    // Prepare
    const network = await startProxy(emulators.queueUrl, () => 'forward');
    const sqs = new SQSClient(clientSettings(network.url));
    const path = new URL(urls.batch).pathname;
    const proxied = realQueues(sqs, { ...urls, batch: network.url + path }, objects);
    // Act
    await proxied.sendBatch({ action: 'cancel', batchId: 'delayed' }, delaySeconds);
    // Assess
    const [request] = network.received;
    expect(JSON.parse(String(request?.body))).toMatchObject({ DelaySeconds: sent });
    if (sent === 0) await receive(urls.batch);
    await network.close();
  });

  test('of 200 KB is sent as it is, with characters that SQS does not accept', async () => {
    const message = {
      action: 'add' as const,
      batchId: 'large',
      priority: 0,
      completionWindow: '24h' as const,
      format: 'openai' as const,
      options: { text: 'x'.repeat(200 * 1024 - 160), odd: '\u0000\uffff\ud800' },
      metadata: {},
    };
    await queues.sendBatch(message, 0);
    expect(JSON.parse((await receive(urls.batch))?.Body ?? '')).toEqual(message);
  });

  test('of more is kept in the bucket, and a pointer is sent', async () => {
    // Prepare
    const message = {
      action: 'add' as const,
      batchId: 'larger',
      priority: 0,
      completionWindow: '24h' as const,
      format: 'openai' as const,
      options: { text: 'ü'.repeat(110 * 1024) },
      metadata: {},
    };
    // Act
    await queues.sendBatch(message, 0);
    // Assess
    const pointer = pointerMessageSchema.parse(JSON.parse((await receive(urls.batch))?.Body ?? ''));
    expect(JSON.parse(await readText(pointer.key))).toEqual(message);
  });
});

describe('a dead letter', () => {
  test.each(['batch', 'work'] as const)('of the %s queue has its reason and id', async (queue) => {
    // Prepare
    const reason = `invalid: \u0000\u0008\ufffe${'😀'.repeat(600)}`;
    // Act
    await queues.sendDeadLetter(queue, 'not json', reason, 'message-1');
    // Assess
    const message = await receive(urls.deadLetters[queue]);
    const kept = message?.MessageAttributes?.reason?.StringValue ?? '';
    expect(message?.Body).toBe('not json');
    expect(message?.MessageAttributes?.messageId?.StringValue).toBe('message-1');
    expect(kept.startsWith('invalid: 😀')).toBe(true);
    expect(kept.length).toBeLessThanOrEqual(1000);
    expect(kept.isWellFormed()).toBe(true);
  });

  test('without a reason is accepted, too', async () => {
    await queues.sendDeadLetter('batch', 'body', '', '');
    const message = await receive(urls.deadLetters.batch);
    expect(message?.MessageAttributes?.reason?.StringValue).toBe('none');
  });

  test("as large as SQS's limit finds room for its reason", async () => {
    // Prepare
    const body = 'x'.repeat(1024 * 1024);
    // Act
    await queues.sendDeadLetter('batch', body, 'too large', 'message-2');
    // Assess
    const message = await receive(urls.deadLetters.batch);
    const pointer = pointerMessageSchema.parse(JSON.parse(message?.Body ?? ''));
    expect(message?.MessageAttributes?.reason?.StringValue).toBe('too large');
    expect(await readText(pointer.key)).toBe(body);
  });
});

test('a call that the queue throttles twice is repeated', async () => {
  // Prepare
  const throttled = {
    status: 400,
    headers: { 'x-amzn-query-error': 'RequestThrottled;Sender' },
    body: JSON.stringify({ __type: 'com.amazonaws.sqs#RequestThrottled', message: 'slow down' }),
  };
  const network = await startProxy(emulators.queueUrl, times(2, throttled));
  const sqs = new SQSClient(clientSettings(network.url));
  const work = network.url + new URL(urls.work).pathname;
  // Act
  await realQueues(sqs, { ...urls, work }, objects).sendWork({ action: 'collect', batchId: 'b' });
  // Assess
  expect(network.received).toHaveLength(3);
  expect(JSON.parse((await receive(urls.work))?.Body ?? '')).toMatchObject({ action: 'collect' });
  await network.close();
});
