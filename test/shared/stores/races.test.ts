import { beforeEach, describe, expect, test } from 'vitest';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import type { ItemTable } from '../../../shared/stores/itemTable.ts';
import { effectRecord } from '../../../shared/stores/onceRecords.ts';
import { sweepLock } from '../../../shared/stores/sweepStores.ts';
import { aBatch } from '../../support/batches.ts';
import { freshTable } from '../../support/freshTable.ts';

/** What another writer does between the read and the write of a store. */

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;
let table: ItemTable;

const fresh = freshTable();
beforeEach(() => {
  table = fresh.table;
});

/** The table, where the other writer acts right before the first write. */
function interrupted(act: () => Promise<unknown>): ItemTable {
  let acts: (() => Promise<unknown>) | undefined = act;
  const first = async () => {
    const now = acts;
    acts = undefined;
    await now?.();
  };
  return {
    ...table,
    put: async (...given) => first().then(() => table.put(...given)),
    remove: async (...given) => first().then(() => table.remove(...given)),
  };
}

/** The table, which repeats each write because the first reply was lost. */
function losing(): ItemTable {
  return {
    ...table,
    put: async (...given) => table.put(...given).then(() => table.put(...given)),
    remove: async (...given) => table.remove(...given).then(() => table.remove(...given)),
  };
}

describe('the effect of a delivery', () => {
  const first = () => effectRecord(table, 'd');

  test('that is finished late is not claimed by who has read its expired claim', async () => {
    await first().claim('first', NOW, NOW + 1);
    const second = effectRecord(
      interrupted(() => first().finish('first', NOW + 2)),
      'd',
    );
    expect(await second.claim('second', NOW + 2, NOW + MINUTE)).toBe(false);
    expect(await first().read()).toBe('done');
  });

  test('whose claim has ended is claimed by one of two', async () => {
    await first().claim('first', NOW, NOW + 1);
    const results: boolean[] = [];
    const claim = async (record: typeof first, token: string) =>
      void results.push(await record().claim(token, NOW + 2, NOW + MINUTE));
    const third = effectRecord(
      interrupted(() => claim(first, 'second')),
      'd',
    );
    await claim(() => third, 'third');
    expect(results).toEqual([true, false]);
    await first().finish('second', NOW);
  });

  test('is claimed, finished and released once, also if each reply is lost', async () => {
    const record = effectRecord(losing(), 'd');
    expect(await record.claim('a', NOW, NOW + 1)).toBe(true);
    await record.release('a');
    expect(await record.read()).toBeUndefined();
    expect(await record.claim('b', NOW, NOW + 1)).toBe(true);
    await record.finish('b', NOW);
    expect(await record.read()).toBe('done');
  });

  test('is neither finished nor released by a claim that was taken over', async () => {
    await first().claim('late', NOW, NOW + 1);
    await first().claim('next', NOW + 1, NOW + MINUTE);
    await expect(first().finish('late', NOW)).rejects.toThrow('taken over the claim of delivery d');
    await expect(first().release('late')).rejects.toThrow('taken over the claim of delivery d');
    expect(await first().read()).toEqual({ leaseUntil: NOW + MINUTE });
  });
});

describe('the lease of the sweep', () => {
  test('that is released late is not taken with the cursors from before', async () => {
    const lock = sweepLock(table);
    await lock.acquire('first', NOW, NOW + 1);
    const second = sweepLock(interrupted(() => lock.release('first', { a: 'kept' }, NOW + 2)));
    expect(await second.acquire('second', NOW + 2, NOW + MINUTE)).toBeUndefined();
    expect(await second.acquire('third', NOW + 3, NOW + MINUTE)).toEqual({ a: 'kept' });
  });

  test('stays with a sweep that takes it while the one before releases it', async () => {
    const lock = sweepLock(table);
    await lock.acquire('first', NOW, NOW + 1);
    const late = sweepLock(interrupted(() => lock.acquire('second', NOW + 2, NOW + MINUTE)));
    await late.release('first', { a: 'lost' }, NOW + 2);
    expect(await lock.acquire('third', NOW + 3, NOW + MINUTE)).toBeUndefined();
    await lock.release('second', {}, NOW + 4);
    expect(await lock.acquire('third', NOW + 5, NOW + MINUTE)).toEqual({});
  });
});

describe('a record that cannot be read', () => {
  const retention = { retentionSeconds: 60, maxAgeSeconds: 60 };

  async function broken(): Promise<void> {
    await batchStore(table, retention).create(aBatch({ batchId: 'b', dueAt: NOW }));
    await write({ record: '{"spec":' });
  }

  async function write(changes: object): Promise<void> {
    const item = await table.get('batch#b');
    if (!item) throw new Error('there is no item');
    const writeToken = crypto.randomUUID();
    const { writeToken: stored = '' } = item;
    await table.put({ ...item, ...changes, writeToken }, { is: 'token', writeToken: stored });
  }

  test('and is mended while it is set aside stays where it was', async () => {
    const record = JSON.stringify(aBatch({ batchId: 'b', dueAt: NOW }));
    await broken();
    await batchStore(
      interrupted(() => write({ record })),
      retention,
    ).refile('b');
    expect(await batchStore(table, retention).get('b')).toBeDefined();
    expect((await batchStore(table, retention).listUnreadable()).items).toEqual([]);
  });

  test('and is written while it is removed is not removed', async () => {
    await broken();
    const store = batchStore(
      interrupted(() => write({ status: 'x' })),
      retention,
    );
    const removal = store.removeUnreadable('b', async () => {});
    await expect(removal).rejects.toThrow('batch b was written while it was to be removed');
    expect(await table.get('batch#b')).toMatchObject({ status: 'x' });
  });

  test('is removed once, also if the reply is lost', async () => {
    await broken();
    const store = batchStore(losing(), retention);
    expect(await store.removeUnreadable('b', async () => {})).toBe('removed');
  });
});
