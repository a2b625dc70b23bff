import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe } from 'vitest';
import { realObjectStore } from '../../shared/aws/objectStore.ts';
import { realQueues } from '../../shared/aws/queues.ts';
import { dynamoTable } from '../../shared/aws/table.ts';
import {
  objectStoreContract,
  type QueueName,
  type QueuePair,
  queuesContract,
  type ReceivedMessage,
} from '../../testing/index.ts';
import { remoteSubjectOf, runCases, runStoreContracts } from '../support/contracts.ts';
import { clientSettings, type Emulators, startEmulators } from '../support/emulators.ts';
import { type BadNetwork, type Received, startProxy } from '../support/emulatorsProxy.ts';

let emulators: Emulators;
let proxy: BadNetwork;
/** The table through a network that loses the reply of each write once. */
let losing: DynamoDBDocumentClient;

beforeAll(async () => {
  emulators = await startEmulators();
  proxy = await startProxy(emulators.tableUrl, loseOnce());
  losing = DynamoDBDocumentClient.from(new DynamoDBClient(clientSettings(proxy.url)));
});
afterAll(async () => {
  losing.destroy();
  await proxy.close();
  await emulators.stop();
});

function loseOnce() {
  const seen = new Set<string>();
  return ({ headers, body }: Received) => {
    const text = body.toString();
    const isRepeated = seen.has(text);
    seen.add(text);
    const isWrite = /\.(Put|Update|Delete)Item$/.test(String(headers['x-amz-target']));
    return isWrite && !isRepeated ? 'lose reply' : 'forward';
  };
}

describe('DynamoDB', () => {
  runStoreContracts(
    remoteSubjectOf(async () => {
      const name = `table-${crypto.randomUUID()}`;
      await emulators.createTable(name);
      const open = () => dynamoTable(emulators.table, name);
      return { open, losing: () => dynamoTable(losing, name) };
    }),
  );
});

async function newBucket() {
  const bucket = `bucket-${crypto.randomUUID()}`;
  await emulators.createBucket(bucket);
  return realObjectStore(emulators.s3, { bucket, inputBuckets: [] });
}

describe('S3', () => {
  const cases = objectStoreContract({ create: newBucket });
  // The emulator keeps an object in a file of that path, so that `a//b` and `a/./b` are one.
  runCases(cases.filter(({ name }) => !name.includes('keys like paths')));
});

describe('SQS', () => {
  async function createQueues(): Promise<QueuePair> {
    const name = crypto.randomUUID();
    const of = (queue: QueueName) => emulators.createQueue(`${name}-${queue}`);
    const urls: Readonly<Record<QueueName, string>> = {
      batch: await of('batch'),
      work: await of('work'),
      batchDeadLetters: await of('batchDeadLetters'),
      workDeadLetters: await of('workDeadLetters'),
    };
    const objects = await newBucket();
    const deadLetters = { batch: urls.batchDeadLetters, work: urls.workDeadLetters };
    const queues = realQueues(emulators.sqs, { ...urls, deadLetters }, objects);
    return { queues, objects, receive: (queue) => receive(urls[queue]) };
  }

  async function receive(QueueUrl: string): Promise<ReceivedMessage | undefined> {
    const { Messages: [message] = [] } = await emulators.sqs.send(
      new ReceiveMessageCommand({
        ...{ QueueUrl, VisibilityTimeout: 600 },
        ...{ MessageSystemAttributeNames: ['ApproximateReceiveCount'] },
        MessageAttributeNames: ['All'],
      }),
    );
    if (!message) return undefined;
    const { Body: body = '', ReceiptHandle, Attributes, MessageAttributes: own } = message;
    const handle = { QueueUrl, ReceiptHandle };
    return {
      body,
      reason: own?.reason?.StringValue,
      messageId: own?.messageId?.StringValue,
      receiveCount: Number(Attributes?.ApproximateReceiveCount),
      async remove() {
        await emulators.sqs.send(new DeleteMessageCommand(handle));
      },
      async release() {
        // With 0, the emulator fails and loses the message.
        const command = new ChangeMessageVisibilityCommand({ ...handle, VisibilityTimeout: 1 });
        await emulators.sqs.send(command);
      },
    };
  }

  runCases(queuesContract({ create: createQueues }));
});
