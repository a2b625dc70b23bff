import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dynamoTable } from '../../../shared/aws/table.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import { aBatch } from '../../support/batches.ts';
import { clientSettings, type Emulators, startEmulators } from '../../support/emulators.ts';
import {
  type Answer,
  type BadNetwork,
  type Received,
  startProxy,
  times,
} from '../../support/emulatorsProxy.ts';

/** The table through a network that loses replies. */

const RETENTION = { retentionSeconds: 60, maxAgeSeconds: 60 };
let emulators: Emulators;
let proxy: BadNetwork;
let network: DynamoDBDocumentClient;
let decide: (received: Received) => Answer | Promise<Answer>;
let tableName: string;

beforeAll(async () => {
  emulators = await startEmulators();
});
afterAll(() => emulators.stop());
beforeEach(async () => {
  tableName = `table-${crypto.randomUUID()}`;
  await emulators.createTable(tableName);
  decide = () => 'forward';
  proxy = await startProxy(emulators.tableUrl, (received) => decide(received));
  network = DynamoDBDocumentClient.from(new DynamoDBClient(clientSettings(proxy.url)));
});
afterEach(async () => {
  network.destroy();
  await proxy.close();
});

const operations = () =>
  proxy.received.map(({ headers }) => String(headers['x-amz-target']).split('.')[1]);

describe('a write whose reply is lost', () => {
  test('creates the record, and says so', async () => {
    // Prepare
    const store = batchStore(dynamoTable(network, tableName), RETENTION);
    decide = times(1, 'lose reply');
    // Act
    const result = await store.create(aBatch());
    // Assess
    expect(result).toBe('written');
    expect(operations()).toEqual(['PutItem', 'PutItem', 'GetItem']);
  });
});

test('a call that the table throttles twice is repeated', async () => {
  // Prepare
  const type = 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException';
  const store = batchStore(dynamoTable(network, tableName), RETENTION);
  const throttled = {
    status: 400,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({ __type: type, message: 'slow down' }),
  };
  decide = times(2, throttled);
  // Act
  const result = await store.create(aBatch());
  // Assess
  expect(result).toBe('written');
  expect(operations()).toEqual(['PutItem', 'PutItem', 'PutItem']);
});
