import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import {
  laneStore,
  readRequestBatch,
  requestRegister,
} from '../../../shared/stores/collectorStores.ts';
import type { Item, ItemTable } from '../../../shared/stores/itemTable.ts';
import { effectRecord, webhookRegister } from '../../../shared/stores/onceRecords.ts';
import {
  indexedSince,
  lastSweepAt,
  providerStateStore,
  sweepLock,
} from '../../../shared/stores/sweepStores.ts';
import { aBatch } from '../../support/batches.ts';
import { freshTable } from '../../support/freshTable.ts';

/**
 * Items as the version wrote them that updated single attributes of the lock and of requests: made by
 * its code, not edited by hand.
 */
const ITEMS: ReadonlyMap<string, Item> = new Map(
  readFileSync(join(import.meta.dirname, 'fixtures/itemsOfSingleUpdates.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ name, item }) => [name, item]),
);

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;
let table: ItemTable;

const fresh = freshTable();
beforeEach(() => {
  table = fresh.table;
});

async function given(name: string): Promise<Item> {
  const item = ITEMS.get(name);
  if (!item) throw new Error(`there is no item ${name}`);
  await fresh.emulators.table.send(new PutCommand({ TableName: fresh.tableName, Item: item }));
  return item;
}

const batches = () => batchStore(table, { retentionSeconds: 60, maxAgeSeconds: 60 });

describe('the lock of the sweep', () => {
  test('gives the cursors, from which a listing goes on', async () => {
    // Prepare
    await given('lock: released with a cursor');
    const ends = { b402: NOW + 99, b407: NOW + 100, b403: NOW + 98 };
    for (const [batchId, dueAt] of Object.entries(ends))
      await batches().create(aBatch({ batchId, dueAt }));
    // Act
    const cursors = await sweepLock(table).acquire('new', NOW, NOW + MINUTE);
    // Assess
    expect(Object.keys(cursors ?? {})).toEqual(['open#1']);
    const all = await batches().listDue(1, NOW + 200);
    const rest = await batches().listDue(1, NOW + 200, cursors?.['open#1']);
    const ids = ({ items }: typeof all) => items.map(({ batchId }) => batchId);
    expect(ids(all)).toContain('b402');
    expect(ids(rest)).toEqual(ids(all).slice(ids(all).indexOf('b402') + 1));
  });

  test('keeps what is known of earlier sweeps', async () => {
    await given('lock: released with a cursor');
    expect(await lastSweepAt(table)).toBe(NOW + 5);
    await sweepLock(table).acquire('new', NOW + MINUTE, NOW + 2 * MINUTE);
    expect(await lastSweepAt(table)).toBe(NOW + 5);
    await sweepLock(table).release('new', {}, NOW + MINUTE);
    expect(await lastSweepAt(table)).toBe(NOW + MINUTE);
    expect(await indexedSince(table)).toBe(0);
  });

  test.each(['lock: held by the first sweep', 'lock: held, with the cursor of the sweep before'])(
    '%s: is taken when its lease has ended, and not before',
    async (name) => {
      // Prepare
      const { leaseUntil, writeToken, cursors } = await given(name);
      const lock = sweepLock(table);
      const end = Number(leaseUntil);
      // Act
      const early = await lock.acquire('early', end - 1, end + MINUTE);
      const taken = await lock.acquire('next', end, end + MINUTE);
      await lock.release(String(writeToken), { late: 'x' }, end + 1);
      // Assess
      expect(early).toBeUndefined();
      expect(taken).toEqual(cursors ?? {});
      expect(await lock.acquire('third', end + 1, end + MINUTE)).toBeUndefined();
    },
  );
});

describe('the record of an effect', () => {
  const record = () => effectRecord(table, 'batch-1.1');

  test('that was claimed is claimed until its lease ends', async () => {
    const { leaseUntil } = await given('effect: claimed');
    const end = Number(leaseUntil);
    expect(await record().read()).toEqual({ leaseUntil: end });
    expect(await record().claim('other', end - 1, end + MINUTE)).toBe(false);
    expect(await record().claim('other', end, end + MINUTE)).toBe(true);
    await expect(record().finish('token-of-effect', end)).rejects.toThrow('taken over');
  });

  test('that was claimed is finished by its claim', async () => {
    await given('effect: claimed');
    await record().finish('token-of-effect', NOW);
    expect(await record().read()).toBe('done');
  });

  test('that has happened is not claimed again', async () => {
    await given('effect: done');
    expect(await record().read()).toBe('done');
    expect(await record().claim('other', NOW * 2, NOW * 2 + MINUTE)).toBe(false);
  });
});

test('a request keeps its batch', async () => {
  const item = await given('request: claimed');
  const name = { provider: 'openai', customId: 'r/ö #1' };
  const other = { batchId: 'other', position: 'token:9', digest: 'e' };
  const first = { batchId: 'collected-x-1', position: 'token:0', digest: 'd' };
  expect(await requestRegister(table, { keepSeconds: 1 }).claim(name, other, NOW)).toEqual(first);
  expect(await readRequestBatch(table, name)).toBe('collected-x-1');
  expect(await table.get(item.id)).toEqual(item);
});

test('a webhook that has arrived is known', async () => {
  await given('webhook: arrived');
  expect(await webhookRegister(table).register('a', 'wh_1', NOW)).toBe(false);
});

test('lanes and states of providers are read, and written at their next version', async () => {
  await given('lane: open');
  await given('provider: used');
  const lanes = laneStore(table);
  const states = providerStateStore(table);
  expect((await lanes.listDue(NOW + 300_000)).items).toEqual(['0123456789abcdef']);
  expect(await states.list()).toEqual(['openai']);
  const lane = await lanes.get('0123456789abcdef');
  if (!lane) throw new Error('the lane is not there');
  expect(await lanes.replace({ ...lane, version: 2 })).toBe('written');
  expect(await states.replace({ ...(await states.get('openai')), version: 2 })).toBe('written');
});

test('a record that was set aside is listed, and removed', async () => {
  const item = await given('batch: set aside');
  const kept: string[] = [];
  expect((await batches().listUnreadable()).items).toEqual(['broken']);
  const keep = async (text: string) => void kept.push(text);
  expect(await batches().removeUnreadable('broken', keep)).toBe('removed');
  expect(kept.map((text) => JSON.parse(text))).toEqual([item]);
  expect(await table.get(item.id)).toBeUndefined();
});
