import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dynamoTable } from '../../../shared/aws/table.ts';
import type { BatchStore } from '../../../shared/batch/ports.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import { aBatch } from '../../support/batches.ts';
import { type Emulators, startEmulators } from '../../support/emulators.ts';

const TABLE_NAME = 'batches';
let emulators: Emulators;
let store: BatchStore;

beforeAll(async () => {
  emulators = await startEmulators();
  await emulators.createTable(TABLE_NAME);
  store = batchStore(dynamoTable(emulators.table, TABLE_NAME), {
    retentionSeconds: 60,
    maxAgeSeconds: 60,
  });
});
afterAll(() => emulators.stop());

test('reads a page of records at once, as they are one by one', async () => {
  const ids = Array.from({ length: 100 }, (_, index) => `many-${index}`);
  for (const batchId of ids) await store.create(aBatch({ batchId }));

  const records = await store.getMany(ids);

  expect([...records.keys()].sort()).toEqual([...ids].sort());
  for (const id of ids.slice(0, 3)) expect(records.get(id)).toEqual(await store.get(id));
});

test('leaves out records that do not exist or are of a newer version', async () => {
  await store.create(aBatch({ batchId: 'known' }));
  await store.create(aBatch({ batchId: 'newer' }));
  await emulators.table.send(
    new UpdateCommand({
      TableName: TABLE_NAME,
      Key: { id: 'batch#newer' },
      UpdateExpression: 'SET schemaVersion = :version',
      ExpressionAttributeValues: { ':version': 99 },
    }),
  );

  const records = await store.getMany(['newer', 'known', 'nowhere', 'known']);

  expect([...records.keys()]).toEqual(['known']);
});

test('makes no call when there is nothing to read', async () => {
  expect(await store.getMany([])).toEqual(new Map());
});
