import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createBatchReader, readViews } from '../../../local/batches.ts';
import { dynamoTable } from '../../../shared/aws/table.ts';
import { partId } from '../../../shared/batch/newRecord.ts';
import type { BatchStore } from '../../../shared/batch/ports.ts';
import { listBatches } from '../../../shared/client/listBatches.ts';
import type { BatchFilter } from '../../../shared/client/readBatches.ts';
import { METRICS } from '../../../shared/metrics.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import type { ItemTable } from '../../../shared/stores/itemTable.ts';
import { providerStateStore } from '../../../shared/stores/sweepStores.ts';
import { advanceParts } from '../../../shared/usecases/parts.ts';
import { clientSettings, type Emulators, startEmulators } from '../../support/emulators.ts';
import { given, NOW } from '../../support/given.ts';
import { type World, world } from '../../support/world.ts';

let emulators: Emulators;
let tables = 0;
let tableName: string;
let table: ItemTable;
let store: BatchStore;
let w: World;

beforeAll(async () => {
  emulators = await startEmulators();
});
afterAll(() => emulators.stop());
beforeEach(async () => {
  tableName = `unreadable-${tables++}`;
  await emulators.createTable(tableName);
  table = dynamoTable(emulators.table, tableName);
  store = batchStore(table, { retentionSeconds: 60, maxAgeSeconds: 60 });
  w = world();
  Object.assign(w.dependencies, { batches: store });
});

/** Writes what only a fault can write: the record of year 1 of an earlier version. */
async function breakRecord(batchId: string): Promise<void> {
  const item = await table.get(`batch#${batchId}`);
  const record = JSON.parse(String(item?.record));
  record.spec.notBefore = -62_135_596_800_000;
  await emulators.table.send(
    new UpdateCommand({
      TableName: tableName,
      Key: { id: `batch#${batchId}` },
      UpdateExpression: 'SET #record = :record',
      ExpressionAttributeNames: { '#record': 'record' },
      ExpressionAttributeValues: { ':record': JSON.stringify(record) },
    }),
  );
}

async function add(batchId: string): Promise<void> {
  await w.add(batchId, ['a']);
  await w.workAll();
}

const ids = async (status: BatchFilter['status'], onUnreadable?: BatchFilter['onUnreadable']) => {
  const states = providerStateStore(table);
  const from = {
    batches: store,
    providerStates: states,
    items: table,
    handler: { providers: ['openai'], settings: {} },
  };
  const found: string[] = [];
  for await (const { batchId } of listBatches(from, { status, onUnreadable }, NOW))
    found.push(batchId);
  return found.sort();
};

test('a queued record that cannot be read is set aside once, and the batch beside it runs', async () => {
  await add('broken');
  await add('fine');
  await breakRecord('broken');
  await w.sweep();
  await w.workAll();
  expect((await store.get('fine'))?.status).toBe('running');
  expect(w.metrics.get(METRICS.sweepErrors)).toBe(1);
  w.metrics.clear();
  for (let sweep = 0; sweep < 3; sweep++) await w.sweep();
  // Nobody meets it again, and its alarm stays: it is counted once in each sweep.
  expect(w.metrics.get(METRICS.sweepErrors)).toBe(3);
  expect(w.logged.filter((line) => line.startsWith('record cannot be read'))).toHaveLength(1);
  expect((await store.listWaiting({ provider: 'openai' })).items).toEqual([]);
  expect((await store.listUnreadable()).items).toEqual(['broken']);
});

test('listings go on, and name it', async () => {
  await add('broken');
  await add('fine');
  await breakRecord('broken');
  for (const status of ['open', undefined] as const)
    for (const sweeps of [0, 1]) {
      for (let sweep = 0; sweep < sweeps; sweep++) await w.sweep();
      const unreadable: string[] = [];
      expect(await ids(status, (id) => void unreadable.push(id))).toEqual(['fine']);
      expect(unreadable).toEqual(['broken']);
    }
});

test('a local run starts beside it, does not wait for it, and says what is wrong', async () => {
  await add('broken');
  await add('fine');
  await breakRecord('broken');
  const dynamodb = new DynamoDBClient(clientSettings(emulators.tableUrl));
  const reader = createBatchReader(dynamodb, tableName);
  expect(await reader.listUnfinished()).toEqual(['fine']);
  const tracked = [{ batchId: 'broken', messageId: undefined }];
  const [view] = await readViews(tracked, reader, async () => new Map());
  dynamodb.destroy();
  expect(view?.status).toBe('refused');
  expect(view?.reason).toContain('batch broken cannot be read');
});

test('commands for it are refused with the way out, and its work is no crash loop', async () => {
  await add('broken');
  await breakRecord('broken');
  for (const action of ['cancel', 'retry', 'redeliver'])
    await w.send({ action, batchId: 'broken' });
  await w.send({ batchId: 'broken', requests: [{ custom_id: 'b' }] });
  expect(w.deadLetters).toHaveLength(4);
  for (const { reason } of w.deadLetters)
    expect(reason).toMatch(/^unreadable_record: batch broken cannot be read: (.|\n)*notBefore/);
  w.workQueue.push({ action: 'submit', batchId: 'broken' });
  await w.workAll();
});

test('`remove` deletes it, keeps its item in the bucket, and frees the id', async () => {
  await add('broken');
  await breakRecord('broken');
  await w.sweep();
  await w.send({ action: 'remove', batchId: 'broken' }, 'm9');
  expect(w.deadLetters).toEqual([]);
  expect(await store.get('broken')).toBeUndefined();
  const kept = JSON.parse(w.bucket.text('batches/broken/m9/record.json'));
  expect(kept).toMatchObject({ id: 'batch#broken', status: 'queued', provider: 'openai' });
  w.metrics.clear();
  await w.sweep();
  expect(w.metrics.has(METRICS.sweepErrors)).toBe(false);
});

test('`remove` refuses a batch that can be read, and one that does not exist', async () => {
  await add('fine');
  await w.send({ action: 'remove', batchId: 'fine' });
  await w.send({ action: 'remove', batchId: 'nobody' });
  expect(w.deadLetters.map(({ reason }) => reason)).toEqual([
    expect.stringContaining('not_possible: cannot remove batch fine: its record can be read'),
    expect.stringContaining('unknown_batch: there is no batch nobody to remove'),
  ]);
  expect(await store.get('fine')).toBeDefined();
});

test('a record that can be read again, after a deployment, comes back by itself', async () => {
  await add('broken');
  const before = await table.get('batch#broken');
  await breakRecord('broken');
  await w.sweep();
  const aside = await table.get('batch#broken');
  await emulators.table.send(
    new PutCommand({ TableName: tableName, Item: { ...aside, record: before?.record } }),
  );
  await w.sweep();
  await w.sweep();
  await w.workAll();
  expect((await store.get('broken'))?.status).toBe('running');
});

test('a part whose record cannot be read does not keep its batch from its end', async () => {
  const parent = given('split', { deadlineAt: NOW });
  await store.create(parent);
  await advanceParts(w.dependencies, parent);
  await breakRecord(partId(parent.batchId, 1));
  await advanceParts(w.dependencies, parent);
  expect((await store.get(parent.batchId))?.status).toBe('split');
  w.advance(3 * 24 * 60 * 60);
  await advanceParts(w.dependencies, parent);
  expect((await store.get(parent.batchId))?.status).toBe('collecting');
});
