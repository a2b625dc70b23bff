import { expect, test } from 'vitest';
import type { Batch } from '../../../shared/batch/record.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import type { CreatedPage } from '../../../shared/stores/createdIndex.ts';
import {
  listTenantBatches,
  placeOfTenantBatch,
  type TenantBatchPlace,
} from '../../../shared/stores/tenantBatches.ts';
import { aBatch } from '../../support/batches.ts';
import { freshTable } from '../../support/freshTable.ts';
import { NOW } from '../../support/given.ts';

const DAY_SECONDS = 24 * 60 * 60;
const RETENTION = { retentionSeconds: DAY_SECONDS, maxAgeSeconds: DAY_SECONDS };

const fresh = freshTable();

const create = (batch: Batch) => batchStore(fresh.table, RETENTION).create(batch);
const list = (limit: number, after?: TenantBatchPlace): Promise<CreatedPage> =>
  listTenantBatches(fresh.table, { tenant: 'research', limit }, after);
const idsOf = ({ items }: CreatedPage) => items.map(({ batchId }) => batchId);

function ofTenant(tenant: string, batchId: string, createdAt: number): Batch {
  return aBatch({ batchId, createdAt, spec: { ...aBatch().spec, tenant } });
}

test('the batches of a tenant come newest first, in pages, without those of others', async () => {
  await create(ofTenant('research', 'first', NOW));
  await create(ofTenant('research', 'second', NOW + 1));
  await create(ofTenant('research', 'third', NOW + 1));
  await create(ofTenant('research-2', 'foreign', NOW));
  await create(aBatch({ batchId: 'of-none' }));

  const page = await list(2);
  expect(idsOf(page).sort()).toEqual(['second', 'third']);
  expect(idsOf(await list(2, page.next as TenantBatchPlace))).toEqual(['first']);
  expect(await placeOfTenantBatch(fresh.table, 'research', 'first')).toEqual({
    batchId: 'first',
    createdAt: NOW,
  });
  expect(await placeOfTenantBatch(fresh.table, 'research', 'foreign')).toBeUndefined();
});

test('parts are not listed', async () => {
  const part = { parentId: 'b', range: { start: 0, end: 1 } };
  await create({ ...ofTenant('research', 'b/1', NOW), part });

  expect(idsOf(await list(10))).toEqual([]);
});

test('the pointer is there before the record: what is lost in between shows as no batch', async () => {
  const { table } = fresh;
  const refused = {
    ...table,
    put: (...[item, is]: Parameters<typeof table.put>) =>
      item.id.startsWith('batch#') ? Promise.reject(new Error('lost')) : table.put(item, is),
  };
  const store = batchStore(refused, RETENTION);

  await expect(store.create(ofTenant('research', 'b', NOW))).rejects.toThrow('lost');

  expect(idsOf(await list(10))).toEqual(['b']);
  expect(await batchStore(table, RETENTION).get('b')).toBeUndefined();
});

test('a repeated message does not move its batch, however late it comes', async () => {
  await create(ofTenant('research', 'b', NOW));

  expect(await create(ofTenant('research', 'b', NOW + 1000))).toBe('exists');
  expect(await create(ofTenant('research', 'b', NOW + 30 * DAY_SECONDS * 1000))).toBe('exists');

  expect((await list(10)).items).toEqual([{ batchId: 'b', createdAt: NOW }]);
});

test('an id that is used again has a pointer that lasts as long as the new batch', async () => {
  const { table } = fresh;
  await create(ofTenant('research', 'b', NOW));
  const old = await table.get('batch#b');
  await table.remove('batch#b', old?.writeToken ?? '');
  const later = NOW + 30 * DAY_SECONDS * 1000;

  expect(await create(ofTenant('research', 'b', later))).toBe('written');

  expect((await list(10)).items).toEqual([{ batchId: 'b', createdAt: later }]);
  const pointer = await table.get('tenantBatch#research#b');
  expect(Number(pointer?.expiresAt)).toBeGreaterThan(later / 1000 + 2 * DAY_SECONDS);
});
