import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { S3Client } from '@aws-sdk/client-s3';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { bounds } from '../../../shared/aws/clients/base.ts';
import { dynamodbClient } from '../../../shared/aws/clients/dynamodb.ts';
import { eventBridgeClient } from '../../../shared/aws/clients/eventBridge.ts';
import { lambdaClient } from '../../../shared/aws/clients/lambda.ts';
import { s3Client } from '../../../shared/aws/clients/s3.ts';
import { secretsManagerClient } from '../../../shared/aws/clients/secretsManager.ts';
import { sqsClient } from '../../../shared/aws/clients/sqs.ts';
import { realObjectStore } from '../../../shared/aws/objectStore.ts';
import { dynamoTable } from '../../../shared/aws/table.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import { clientSettings } from '../../support/emulators.ts';
import { type BadNetwork, startProxy } from '../../support/emulatorsProxy.ts';

let silent: BadNetwork;

beforeEach(async () => {
  silent = await startProxy(undefined, () => new Promise(() => {}));
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'id');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'key');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await silent.close();
});

test.each([
  dynamodbClient,
  eventBridgeClient,
  lambdaClient,
  s3Client,
  secretsManagerClient,
  sqsClient,
])('%o has a bound for silence and for repetitions', async (create) => {
  const client = create();
  expect(await client.config.maxAttempts()).toBe(5);
  // The handler reads its settings with its first request.
  const handler = client.config.requestHandler as unknown as { configProvider: Promise<object> };
  expect(await handler.configProvider).toMatchObject({
    connectionTimeout: 3_000,
    throwOnRequestTimeout: true,
    socketTimeout: expect.toSatisfy((ms: number) => ms > 0 && ms <= 60_000),
  });
  client.destroy();
});

test('a service that does not answer is an error', async () => {
  const sqs = new SQSClient({
    ...bounds({ requestTimeoutMs: 50, idleTimeoutMs: 50 }),
    ...clientSettings(silent.url),
    maxAttempts: 2,
  });
  await expect(sqs.send(new ListQueuesCommand())).rejects.toThrow(/timed out|requestTimeout/);
  // The last try may have been given up before the service has read it.
  await vi.waitFor(() => expect(silent.received).toHaveLength(2));
});

test('a body that stops in the middle is an error', async () => {
  // Prepare
  const stopping = createServer((request, response) => {
    response.writeHead(200, { 'content-length': 1000, etag: '"e"' });
    if (request.headers.range === undefined) response.write('0123456789');
    else response.flushHeaders();
  });
  await new Promise<void>((resolve) => stopping.listen(0, '127.0.0.1', resolve));
  const { port } = stopping.address() as AddressInfo;
  const s3 = new S3Client({
    ...bounds({ requestTimeoutMs: 0, idleTimeoutMs: 50 }),
    ...clientSettings(`http://127.0.0.1:${port}`),
    forcePathStyle: true,
  });
  const store = realObjectStore(s3, { bucket: 'bucket', inputBuckets: [] });
  // Act and assess
  await expect(buffer(store.read('key'))).rejects.toThrow(
    /broke off at byte 10 of 1000: .*timed out/,
  );
  stopping.close();
  stopping.closeAllConnections();
});

test('the endpoint may come from the environment', async () => {
  // Prepare
  const answers = await startProxy(undefined, () => ({
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: '{}',
  }));
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', answers.url);
  // Act
  const client = dynamodbClient();
  const batch = await batchStore(dynamoTable(client, 'table'), {
    retentionSeconds: 1,
    maxAgeSeconds: 60,
  }).get('b1');
  // Assess
  expect(batch).toBeUndefined();
  expect(JSON.parse(String(answers.received[0]?.body))).toEqual({
    TableName: 'table',
    Key: { id: { S: 'batch#b1' } },
    ConsistentRead: true,
  });
  client.destroy();
  await answers.close();
});
