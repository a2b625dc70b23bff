import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readQueue } from '../../../local/emulators/createResources.ts';
import { startMove } from '../../../local/services/moveTask.ts';
import { clientSettings, type Emulators, startEmulators } from '../../support/emulators.ts';
import { startProxy } from '../../support/emulatorsProxy.ts';

let emulators: Emulators;
let serial = 0;
let names: { source: string; destination: string };

beforeAll(async () => {
  emulators = await startEmulators();
});
afterAll(() => emulators.stop());
beforeEach(async () => {
  serial += 1;
  names = { source: `dead-${serial}`, destination: `source-${serial}` };
  const source = await emulators.createQueue(names.source);
  await emulators.createQueue(names.destination);
  await emulators.sqs.send(new SendMessageCommand({ QueueUrl: source, MessageBody: 'one' }));
});

/** Moves while one operation of SQS fails; gives the task and where its message is then. */
async function moveWithout(operation: string) {
  const network = await startProxy(emulators.queueUrl, ({ headers }) =>
    headers['x-amz-target'] === `AmazonSQS.${operation}` ? { status: 500 } : 'forward',
  );
  const queue = (name: string) => ({ arn: name, url: `${network.url}/000000000000/${name}` });
  const sqs = new SQSClient({ ...clientSettings(network.url), maxAttempts: 1 });
  const task = await startMove(sqs, {
    source: queue(names.source),
    destination: queue(names.destination),
    origins: [],
    messagesPerSecond: undefined,
  });
  await task.ended;
  await network.close();
  return {
    task,
    source: await bodiesIn(names.source),
    destination: await bodiesIn(names.destination),
  };
}

async function bodiesIn(name: string): Promise<readonly string[]> {
  const { ready, inflight } = await readQueue(emulators.queueUrl, name);
  return [...ready, ...inflight.map(({ message }) => message)].map(({ body }) => body);
}

test('a move that ends between sending and deleting leaves a message twice, not none', async () => {
  const { task, source, destination } = await moveWithout('DeleteMessage');

  expect(task).toMatchObject({ status: 'FAILED', moved: 0 });
  expect(source).toEqual(['one']);
  expect(destination).toEqual(['one']);
});

test('a message that cannot be sent stays', async () => {
  const { task, source, destination } = await moveWithout('SendMessage');

  expect(task).toMatchObject({ status: 'FAILED', moved: 0 });
  expect(source).toEqual(['one']);
  expect(destination).toEqual([]);
});

test('what is put aside during a move is left for the next one', async () => {
  // Prepare
  const url = (name: string) => `${emulators.queueUrl}/000000000000/${name}`;
  const put = (body: string) =>
    emulators.sqs.send(new SendMessageCommand({ QueueUrl: url(names.source), MessageBody: body }));
  await put('two');

  // Act
  const task = await startMove(emulators.sqs, {
    source: { arn: names.source, url: url(names.source) },
    destination: { arn: names.destination, url: url(names.destination) },
    origins: [],
    messagesPerSecond: 2,
  });
  await put('three');
  await task.ended;

  // Assess
  expect(task).toMatchObject({ status: 'COMPLETED', toMove: 2, moved: 2 });
  expect(await bodiesIn(names.destination)).toEqual(['one', 'two']);
  expect(await bodiesIn(names.source)).toEqual(['three']);
});
