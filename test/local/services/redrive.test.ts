import {
  CancelMessageMoveTaskCommand,
  ListMessageMoveTasksCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import type { RunningStack } from '../../../local/stack.ts';
import { eventually } from '../fixtures/eventually.ts';
import { bodiesIn, queueNamed, recorded, sdkSettings, sendInput } from '../fixtures/toyAccess.ts';
import { startToyStack } from '../fixtures/toyStack.ts';

const client = (stack: RunningStack) => new SQSClient({ ...sdkSettings(stack), maxAttempts: 1 });

/** Nobody consumes `Outcomes`: what is moved there can be looked at. */
function arnsOf(stack: RunningStack) {
  return {
    input: queueNamed(stack, 'Input').arn,
    deadLetters: queueNamed(stack, 'DeadLetters').arn,
    outcomes: queueNamed(stack, 'Outcomes').arn,
  };
}

/** Puts a message aside as a function does: with attributes, and without a policy. */
async function putAside(stack: RunningStack, body: string): Promise<void> {
  await stack.clients.sqs.send(
    new SendMessageCommand({
      QueueUrl: queueNamed(stack, 'DeadLetters').url,
      MessageBody: body,
      MessageAttributes: {
        reason: { DataType: 'String', StringValue: `reason of ${body}` },
        bytes: { DataType: 'Binary', BinaryValue: Buffer.from([0, 255, 1]) },
      },
    }),
  );
}

/** The latest task of the dead-letter queue, once it has ended. */
async function endedTask(stack: RunningStack) {
  const list = new ListMessageMoveTasksCommand({ SourceArn: arnsOf(stack).deadLetters });
  const { Results: [task] = [] } = await eventually(
    () => client(stack).send(list),
    ({ Results: results }) => !['RUNNING', 'CANCELLING'].includes(results?.[0]?.Status ?? ''),
  );
  return task;
}

test('messages are moved to the queue that is named, with their attributes', async () => {
  // Prepare
  const stack = await startToyStack();
  const { deadLetters, outcomes } = arnsOf(stack);
  for (const body of ['one', 'two', 'three']) await putAside(stack, body);

  // Act
  const { TaskHandle: handle } = await client(stack).send(
    new StartMessageMoveTaskCommand({ SourceArn: deadLetters, DestinationArn: outcomes }),
  );

  // Assess
  expect(handle).not.toBe('');
  expect(await endedTask(stack)).toEqual({
    Status: 'COMPLETED',
    SourceArn: deadLetters,
    DestinationArn: outcomes,
    ApproximateNumberOfMessagesMoved: 3,
    ApproximateNumberOfMessagesToMove: 3,
    StartedTimestamp: expect.any(Number),
  });
  expect(await bodiesIn(stack, 'DeadLetters')).toEqual([]);
  const { Messages: messages = [] } = await client(stack).send(
    new ReceiveMessageCommand({
      QueueUrl: queueNamed(stack, 'Outcomes').url,
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ['All'],
    }),
  );
  expect(messages.map(({ Body }) => Body)).toEqual(['one', 'two', 'three']);
  expect(messages[1]?.MessageAttributes).toEqual({
    reason: { DataType: 'String', StringValue: 'reason of two' },
    bytes: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 255, 1]) },
  });
});

test('what the queue itself put aside goes back without a destination', async () => {
  // Prepare
  const stack = await startToyStack();
  await sendInput(stack, 'bad', 'fail');
  await eventually(
    () => bodiesIn(stack, 'DeadLetters'),
    ({ length }) => length > 0,
  );

  // Act
  await client(stack).send(
    new StartMessageMoveTaskCommand({ SourceArn: arnsOf(stack).deadLetters }),
  );

  // Assess
  expect(await endedTask(stack)).toMatchObject({
    Status: 'COMPLETED',
    ApproximateNumberOfMessagesMoved: 1,
  });
  await eventually(
    () => recorded(stack, 'bad'),
    ({ count }) => count === 4,
  );
  const dead = await eventually(
    () => bodiesIn(stack, 'DeadLetters'),
    ({ length }) => length > 0,
  );
  expect(dead).toEqual([JSON.stringify({ name: 'bad', does: 'fail' })]);
  expect(await recorded(stack, 'bad')).toEqual({ count: 4, tag: 'tag of bad' });
});

test('what a function put aside has no source of its own, and stays', async () => {
  const stack = await startToyStack();
  await putAside(stack, 'one');

  await client(stack).send(
    new StartMessageMoveTaskCommand({ SourceArn: arnsOf(stack).deadLetters }),
  );

  expect(await endedTask(stack)).toMatchObject({
    Status: 'FAILED',
    FailureReason: 'CouldNotDetermineMessageSource',
    ApproximateNumberOfMessagesMoved: 0,
  });
  const { Messages: [message] = [] } = await client(stack).send(
    new ReceiveMessageCommand({
      QueueUrl: queueNamed(stack, 'DeadLetters').url,
      WaitTimeSeconds: 5,
    }),
  );
  expect(message?.Body).toBe('one');
});

test('a move can be cancelled, and there is one at a time', async () => {
  // Prepare
  const stack = await startToyStack();
  const { deadLetters, outcomes } = arnsOf(stack);
  for (const body of ['one', 'two', 'three']) await putAside(stack, body);
  const start = new StartMessageMoveTaskCommand({
    SourceArn: deadLetters,
    DestinationArn: outcomes,
    MaxNumberOfMessagesPerSecond: 1,
  });
  const { TaskHandle: handle } = await client(stack).send(start);
  const cancel = () => client(stack).send(new CancelMessageMoveTaskCommand({ TaskHandle: handle }));

  // Act
  const second = client(stack).send(start);
  await expect(second).rejects.toMatchObject({
    name: 'InvalidParameterValue',
    message: expect.stringContaining('There is already a task running'),
  });
  const { ApproximateNumberOfMessagesMoved: moved } = await cancel();

  // Assess
  expect(moved).toBeLessThan(3);
  expect(await endedTask(stack)).toMatchObject({ Status: 'CANCELLED' });
  const left = await bodiesIn(stack, 'DeadLetters');
  const arrived = await bodiesIn(stack, 'Outcomes');
  expect(left).not.toEqual([]);
  expect([...arrived, ...left]).toEqual(['one', 'two', 'three']);
  await expect(cancel()).rejects.toMatchObject({ name: 'UnsupportedOperation' });
});

test('a wrong request is refused as SQS refuses it', async () => {
  const stack = await startToyStack();
  const { input, deadLetters, outcomes } = arnsOf(stack);
  const start = (
    SourceArn: string,
    DestinationArn?: string,
    MaxNumberOfMessagesPerSecond?: number,
  ) =>
    client(stack).send(
      new StartMessageMoveTaskCommand({ SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond }),
    );

  await expect(start(input, outcomes)).rejects.toMatchObject({
    name: 'InvalidParameterValue',
    message: 'Source queue must be configured as a Dead Letter Queue.',
  });
  await expect(start(`${deadLetters}-not`)).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: "The resource that you specified for the SourceArn parameter doesn't exist.",
  });
  await expect(start(deadLetters, `${outcomes}-not`)).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: "The resource that you specified for the DestinationArn parameter doesn't exist.",
  });
  await expect(start(deadLetters, deadLetters)).rejects.toMatchObject({
    name: 'InvalidParameterValue',
  });
  await expect(start(deadLetters, outcomes, 501)).rejects.toMatchObject({
    name: 'InvalidParameterValue',
    message: expect.stringContaining('MaxNumberOfMessagesPerSecond'),
  });
  const list = client(stack).send(new ListMessageMoveTasksCommand({ SourceArn: `${input}-not` }));
  await expect(list).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  const cancel = client(stack).send(new CancelMessageMoveTaskCommand({ TaskHandle: 'none' }));
  await expect(cancel).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});
