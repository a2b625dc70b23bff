import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { dynamoTable } from '../../../shared/aws/table.ts';
import { webhookRegister } from '../../../shared/stores/onceRecords.ts';
import { type Emulators, startEmulators } from '../../support/emulators.ts';

const NOW = 1_800_000_000_000;
const DAY_SECONDS = 24 * 60 * 60;
let emulators: Emulators;
let tableName: string;

beforeAll(async () => {
  emulators = await startEmulators();
});
afterAll(() => emulators.stop());
beforeEach(async () => {
  tableName = `table-${crypto.randomUUID()}`;
  await emulators.createTable(tableName);
});

test('a webhook is forgotten when it cannot be repeated', async () => {
  await webhookRegister(dynamoTable(emulators.table, tableName)).register('a', 'wh_1', NOW);

  const { Item: item } = await emulators.table.send(
    new GetCommand({ TableName: tableName, Key: { id: 'webhook#a#wh_1' } }),
  );

  expect(item?.expiresAt).toBe(NOW / 1000 + 4 * DAY_SECONDS);
});
