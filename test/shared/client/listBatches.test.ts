import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dynamoTable } from '../../../shared/aws/table.ts';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import type { BatchStore } from '../../../shared/batch/ports.ts';
import { STATUSES } from '../../../shared/batch/status.ts';
import { listBatches } from '../../../shared/client/listBatches.ts';
import type { BatchFilter } from '../../../shared/client/readBatches.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import { providerStateStore } from '../../../shared/stores/sweepStores.ts';
import { type Emulators, startEmulators } from '../../support/emulators.ts';
import { given, NOW } from '../../support/given.ts';

const TABLE_NAME = 'batches';

let emulators: Emulators;
let batches: BatchStore;
beforeAll(async () => {
  emulators = await startEmulators();
  await emulators.createTable(TABLE_NAME);
  batches = batchStore(dynamoTable(emulators.table, TABLE_NAME), DEFAULT_POLICY);
  for (const status of STATUSES)
    await batches.create(given(status, { batchId: `is-${status}`, version: 0 }));
  const part = given('running', {
    batchId: 'is-split/1',
    version: 0,
    part: { parentId: 'is-split', range: { start: 0, end: 1 } },
  });
  await batches.create(part);
  const elsewhere = { batchId: 'elsewhere', version: 0, provider: 'claude' };
  await batches.create(given('queued', elsewhere));
});
afterAll(() => emulators?.stop());

async function list(filter: BatchFilter): Promise<readonly string[]> {
  const connection = {
    batches,
    providerStates: providerStateStore(dynamoTable(emulators.table, TABLE_NAME)),
    items: dynamoTable(emulators.table, TABLE_NAME),
    handler: { resources: { table: TABLE_NAME }, providers: ['openai', 'claude'], settings: {} },
  };
  const ids: string[] = [];
  for await (const { batchId } of listBatches(connection, filter, NOW)) ids.push(batchId);
  return ids.sort();
}

const ids = (...statuses: string[]) => statuses.map((status) => `is-${status}`).sort();

test('all batches are listed, without the parts of larger ones', async () => {
  expect(await list({})).toEqual(['elsewhere', ...ids(...STATUSES)].sort());
});

test('batches that have not ended are found through the index', async () => {
  const open = STATUSES.filter((status) => !['completed', 'failed', 'cancelled'].includes(status));

  expect(await list({ status: 'open' })).toEqual(['elsewhere', ...ids(...open)].sort());
  expect(await list({ status: ['running', 'queued'], provider: 'openai' })).toEqual(
    ids('queued', 'running'),
  );
});

test('a filter can select ended batches and one provider', async () => {
  expect(await list({ status: ['failed', 'running'] })).toEqual(ids('failed', 'running'));
  expect(await list({ provider: 'claude' })).toEqual(['elsewhere']);
  expect(await list({ status: 'open', provider: 'claude' })).toEqual(['elsewhere']);
});

test('a filter can select the batches of one tenant, or of none', async () => {
  const spec = { ...given('running').spec, tenant: 'research' };
  await batches.create(given('running', { batchId: 'of-research', version: 0, spec }));

  expect(await list({ tenant: 'research' })).toEqual(['of-research']);
  expect(await list({ tenant: 'research', status: 'open' })).toEqual(['of-research']);
  expect(await list({ tenant: 'sales' })).toEqual([]);
  expect(await list({ tenant: null })).not.toContain('of-research');
  expect(await list({ tenant: null })).toContain('elsewhere');
  expect(await list({})).toContain('of-research');
});

test('a listing of several pages has every batch once', async () => {
  const many = Array.from({ length: 120 }, (_, number) => `many-${number}`);
  for (const batchId of many)
    await batches.create(given('retrying', { batchId, version: 0, provider: 'third' }));

  expect(await list({ status: 'open', provider: 'third' })).toEqual(many.sort());
  expect(await list({ provider: 'third' })).toEqual(many);
});

test('a record of a newer version is reported, and the others are listed', async () => {
  const newer = { id: 'batch#newer', schemaVersion: 99, status: 'running', provider: 'openai' };
  await emulators.table.send(
    new PutCommand({
      TableName: TABLE_NAME,
      Item: { ...newer, queue: 'open#0', dueAt: '000000000000001' },
    }),
  );

  for (const status of ['open', ['running', 'failed']] as const) {
    const told: string[] = [];
    const onUnreadable = (batchId: string, why: string) => told.push(`${batchId}: ${why}`);
    expect(await list({ status, onUnreadable })).toContain('is-running');
    expect(told).toEqual([
      'newer: batch newer has schemaVersion 99, newer than this code knows: deploy the newer version',
    ]);
  }
});
