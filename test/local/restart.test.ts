import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { releaseMessages } from '../../local/events/poller.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../../local/template/account.ts';
import { eventually } from './fixtures/eventually.ts';
import { descendants, leftRunning, startLocalRun } from './fixtures/localRun.ts';
import { bodiesIn, lambdaClient, queueNamed, recorded, sendInput } from './fixtures/toyAccess.ts';
import { startToyStack, temporaryDirectory } from './fixtures/toyStack.ts';

const CLIENT = { region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS };

/** A run that stays up, with a batch that the toy stack puts aside. */
async function startKept(data: string) {
  const file = join(temporaryDirectory(), 'toy.jsonl');
  writeFileSync(file, '{"custom_id":"1"}\n');
  const run = startLocalRun(['--data', data, '--keep', file]);
  await eventually(run.stdout, (text) => text.includes('export TABLE='));
  const children = descendants(run.process.pid ?? 0);
  const variables = Object.fromEntries(
    [...run.stdout().matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
  );
  return { run, children, variables };
}

test('a run that is interrupted leaves nothing behind', async () => {
  const { run, children, variables } = await startKept(temporaryDirectory());
  expect(children.length).toBeGreaterThanOrEqual(4);

  run.process.kill('SIGINT');

  expect(await run.ended).toBe(1);
  expect(await leftRunning(children)).toEqual([]);
  await expect(fetch(variables.AWS_ENDPOINT_URL ?? '')).rejects.toThrow();
});

test('a run that is killed leaves no process, and the next one goes on with its data', async () => {
  // Prepare
  const data = temporaryDirectory();
  const { run, variables } = await startKept(data);
  expect(variables.QUEUE_URL).toBe(`${variables.AWS_ENDPOINT_URL}/000000000000/Toy-Input`);

  const settings = { endpoint: variables.AWS_ENDPOINT_URL, ...CLIENT };
  const hanging = JSON.stringify({ name: 'hanging', does: 'hang' });
  await new SQSClient(settings).send(
    new SendMessageCommand({ QueueUrl: variables.QUEUE_URL, MessageBody: hanging }),
  );
  const dynamodb = new DynamoDBClient(settings);
  const { Item: begun } = await eventually(
    () =>
      dynamodb.send(
        new GetItemCommand({ TableName: variables.TABLE, Key: { id: { S: 'hanging' } } }),
      ),
    ({ Item }) => Item !== undefined,
  );
  expect(begun).toBeDefined();
  const children = descendants(run.process.pid ?? 0);

  // Act
  run.process.kill('SIGKILL');
  await run.ended;

  // Assess
  expect(await leftRunning(children)).toEqual([]);
  const stack = await startToyStack({ dataDirectory: data });
  await sendInput(stack, 'after', 'ok');
  const { count } = await eventually(
    () => recorded(stack, 'after'),
    (record) => record.count > 0,
  );
  expect(count).toBe(1);
  expect((await recorded(stack, 'tick')).count).toBeGreaterThan(0);
});

test('a message that an earlier run had received is received again, long before its time', async () => {
  // Prepare
  const dataDirectory = temporaryDirectory();
  const first = await startToyStack({ dataDirectory });
  const { url: QueueUrl } = queueNamed(first, 'Outcomes');
  await first.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'held' }));
  await first.clients.sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 3600 }));
  await first.stop();
  const second = await startToyStack({ dataDirectory });
  const queue = queueNamed(second, 'Outcomes');

  // Act
  await releaseMessages(second.clients.sqs, second.emulatorUrl, queue);

  // Assess
  const { Messages: messages } = await second.clients.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queue.url, WaitTimeSeconds: 20 }),
  );
  expect(messages?.map(({ Body }) => Body)).toEqual(['held']);
});

test('an invocation that a killed run had accepted is run by the next one', async () => {
  const dataDirectory = temporaryDirectory();
  const first = await startToyStack({ dataDirectory });
  await lambdaClient(first).send(
    new InvokeCommand({
      FunctionName: 'Toy-Worker',
      InvocationType: 'Event',
      Payload: JSON.stringify({ does: 'hang' }),
    }),
  );
  await first.stop();

  const second = await startToyStack({ dataDirectory });

  const bodies = await eventually(
    () => bodiesIn(second, 'Outcomes'),
    ({ length }) => length > 0,
  );
  expect(JSON.parse(bodies[0] ?? '')).toMatchObject({
    requestContext: { condition: 'RetriesExhausted' },
    requestPayload: { does: 'hang' },
  });
});
