import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBatchReader } from '../../../local/batches.ts';
import type { RunningStack } from '../../../local/stack.ts';
import { findHandlerNames } from '../../../local/stackSettings.ts';
import { type HandlerRun, startHandlerRun } from '../../support/handlerRun.ts';
import { requestLine } from '../../support/world.ts';
import { eventually } from '../fixtures/eventually.ts';
import { sdkSettings } from '../fixtures/toyAccess.ts';

let run: HandlerRun;
let stack: RunningStack;
let sqs: SQSClient;

beforeAll(async () => {
  run = await startHandlerRun();
  ({ stack } = run);
  sqs = new SQSClient(sdkSettings(stack));
});
afterAll(() => run?.stop());

/** A queue as users of the stack reach it. */
function queueOf(name: string) {
  const { resources, endpointUrl } = stack;
  const queue = resources.queues.find(({ logicalId }) => logicalId.startsWith(`Batches${name}`));
  if (queue === undefined) throw new Error(`the stack has no queue ${name}`);
  return { arn: queue.arn, url: endpointUrl + new URL(queue.url).pathname };
}

/** Looks into a queue and leaves everything as it was. */
async function look(url: string): Promise<Message | undefined> {
  const { Messages: [message] = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: url,
      WaitTimeSeconds: 10,
      VisibilityTimeout: 0,
      MessageAttributeNames: ['All'],
    }),
  );
  return message;
}

test('a refused message says why, and once its cause is removed a redrive brings its batch to an end', async () => {
  // Prepare
  const { bucket, table } = findHandlerNames(stack.resources);
  const batchQueue = queueOf('BatchQueue');
  const deadLetterQueue = queueOf('BatchDeadLetterQueue');
  const reader = createBatchReader(stack.clients.dynamodb, table);
  const sent = await sqs.send(
    new SendMessageCommand({ QueueUrl: batchQueue.url, MessageBody: '{"batchId":"late"}' }),
  );
  const refused = await look(deadLetterQueue.url);

  // Act
  await new S3Client(sdkSettings(stack)).send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: 'uploads/late.jsonl',
      Body: `${requestLine('a')}\n${requestLine('b')}\n`,
    }),
  );
  await sqs.send(
    new StartMessageMoveTaskCommand({
      SourceArn: deadLetterQueue.arn,
      DestinationArn: batchQueue.arn,
    }),
  );

  // Assess
  expect(refused?.Body).toBe('{"batchId":"late"}');
  expect(refused?.MessageAttributes).toMatchObject({
    reason: {
      StringValue: `no_such_file: there is no object s3://${bucket}/uploads/late.jsonl: upload the file, then send this again`,
    },
    messageId: { StringValue: sent.MessageId },
  });
  const batch = await eventually(
    () => reader.get('late'),
    (record) => record?.status === 'completed',
  );
  expect(batch).toMatchObject({
    status: 'completed',
    attempt: 1,
    counts: { total: 2, succeeded: 2, failed: 0 },
  });
});

test('work that can never be understood is put aside at once, with its reason', async () => {
  const sent = await sqs.send(
    new SendMessageCommand({ QueueUrl: queueOf('WorkQueue').url, MessageBody: '{"x":1}' }),
  );

  const dead = await look(queueOf('WorkDeadLetterQueue').url);
  expect(dead?.Body).toBe('{"x":1}');
  expect(dead?.MessageAttributes).toMatchObject({
    reason: { StringValue: expect.stringContaining('invalid_work_message: action is missing: ') },
    messageId: { StringValue: sent.MessageId },
  });
});
