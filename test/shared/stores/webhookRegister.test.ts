import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { expect, test } from 'vitest';
import { webhookRegister } from '../../../shared/stores/onceRecords.ts';
import { freshTable } from '../../support/freshTable.ts';

const NOW = 1_800_000_000_000;
const DAY_SECONDS = 24 * 60 * 60;

const fresh = freshTable();

test('a webhook is forgotten when it cannot be repeated', async () => {
  await webhookRegister(fresh.table).register('a', 'wh_1', NOW);

  const { Item: item } = await fresh.emulators.table.send(
    new GetCommand({ TableName: fresh.tableName, Key: { id: 'webhook#a#wh_1' } }),
  );

  expect(item?.expiresAt).toBe(NOW / 1000 + 4 * DAY_SECONDS);
});
