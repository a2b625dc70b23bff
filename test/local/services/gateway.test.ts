import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import type { BusEvent } from '../../../local/services/eventsService.ts';
import { startGateway } from '../../../local/services/gateway.ts';
import { eventually } from '../fixtures/eventually.ts';
import { recorded, sdkSettings } from '../fixtures/toyAccess.ts';
import { startToyStack, temporaryDirectory } from '../fixtures/toyStack.ts';

test('one address serves queues, objects and items', async () => {
  // Prepare
  const stack = await startToyStack();
  const settings = sdkSettings(stack);
  const sqs = new SQSClient(settings);
  const s3 = new S3Client(settings);

  // Act
  const { QueueUrl: url } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'Toy-Input' }));
  const message = JSON.stringify({ name: 'from outside', does: 'ok' });
  await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: message }));
  await s3.send(new PutObjectCommand({ Bucket: 'toy-bucket', Key: 'a/b.txt', Body: 'text' }));
  const object = await s3.send(new GetObjectCommand({ Bucket: 'toy-bucket', Key: 'a/b.txt' }));

  // Assess
  expect(url).toBe(`${stack.endpointUrl}/000000000000/Toy-Input`);
  expect(await object.Body?.transformToString()).toBe('text');
  const { count } = await eventually(
    () => recorded(stack, 'from outside'),
    (record) => record.count > 0,
  );
  expect(count).toBe(1);
  const { Item: item } = await new DynamoDBClient(settings).send(
    new GetItemCommand({ TableName: 'Toy-Table', Key: { id: { S: 'from outside' } } }),
  );
  expect(item?.count?.N).toBe('1');
});

test('secrets have the key of the provider', async () => {
  const stack = await startToyStack();
  const client = new SecretsManagerClient({ ...sdkSettings(stack), maxAttempts: 1 });
  const get = (id: string) => client.send(new GetSecretValueCommand({ SecretId: id }));

  const { SecretString: value } = await get(stack.resources.secrets[0]?.arn ?? '');

  expect(value).toBe('sk-local-simulator');
  await expect(get('nobody')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('with a key in the environment, secrets have that key', async () => {
  const environment = { OPENAI_API_KEY: 'sk-real', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' };
  const stack = await startToyStack({ environment });
  const client = new SecretsManagerClient(sdkSettings(stack));

  const { SecretString: value } = await client.send(
    new GetSecretValueCommand({ SecretId: 'Secret-local' }),
  );

  expect(value).toBe('sk-real');
  expect(stack.providerDescription).toContain('http://127.0.0.1:9/v1');
});

test('events are kept in a file and handed on', async () => {
  const dataDirectory = temporaryDirectory();
  const events: BusEvent[] = [];
  const stack = await startToyStack({ dataDirectory, onEvent: (event) => events.push(event) });
  const entry = { Source: 'batch-handler', DetailType: 'Batch State Change', Detail: '{"a":1}' };

  const { FailedEntryCount: failed } = await new EventBridgeClient(sdkSettings(stack)).send(
    new PutEventsCommand({ Entries: [entry] }),
  );

  expect(failed).toBe(0);
  expect(events).toEqual([entry]);
  const lines = readFileSync(join(dataDirectory, 'events.jsonl'), 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([expect.objectContaining(entry)]);
});

test('a port in use is an error that says what to do', async () => {
  const first = await startGateway(0);
  const port = Number(new URL(first.url).port);

  await expect(startGateway(port)).rejects.toThrow(`port ${port} is in use: use another one`);

  first.stop();
});
