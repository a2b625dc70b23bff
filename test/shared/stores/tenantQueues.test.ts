import { beforeEach, describe, expect, test } from 'vitest';
import type { Batch } from '../../../shared/batch/record.ts';
import type { ItemTable } from '../../../shared/stores/itemTable.ts';
import { type TenantQueues, tenantQueues } from '../../../shared/stores/tenantQueues.ts';
import { MemoryItems } from '../../../simulators/memory/items.ts';
import { aBatch } from '../../support/batches.ts';
import { NOW } from '../../support/given.ts';

const MINUTE = 60_000;
const ID = 'tenantQueue#openai#research';
const QUEUE = { provider: 'openai', tenant: 'research' };
const QUEUED: Batch = aBatch({ status: 'queued', spec: { ...aBatch().spec, tenant: 'research' } });

let now: number;
let items: MemoryItems;
let queues: TenantQueues;
let steps: string[];
beforeEach(() => {
  now = NOW;
  steps = [];
  items = new MemoryItems();
  queues = tenantQueues(watched(items.table()), () => now);
});

/** The table, with its writes noted. */
function watched(table: ItemTable): ItemTable {
  return {
    ...table,
    put: (item, condition) => {
      steps.push(`put ${item.id} if ${condition.is}`);
      return table.put(item, condition);
    },
  };
}

const enter = (write: () => void = () => steps.push('write the batch')) =>
  queues.whileListed(QUEUED, async () => write());
const listed = async () => (await queues.list('openai', undefined)).items;

describe('a queue', () => {
  test('is listed before the batch enters it', async () => {
    await enter();
    expect(steps).toEqual([`put ${ID} if absent`, 'write the batch']);
    expect(await listed()).toEqual(['research']);
  });

  test('is not entered if it cannot be listed', async () => {
    const table = { ...items.table(), put: () => Promise.reject(new Error('throttled')) };
    queues = tenantQueues(table, () => now);
    await expect(enter()).rejects.toThrow('throttled');
    expect(steps).toEqual([]);
  });

  test('is listed by the first batch, and again after ten minutes', async () => {
    await enter();
    now += 9 * MINUTE;
    await enter();
    expect(steps.filter((step) => step.startsWith('put'))).toHaveLength(1);
    now += 2 * MINUTE;
    await enter();
    expect(steps.at(-2)).toBe(`put ${ID} if token`);
  });

  test('is listed only for a batch with a tenant that is to be queued', async () => {
    await queues.whileListed(aBatch({ status: 'queued' }), async () => {});
    await queues.whileListed({ ...QUEUED, status: 'retrying' } as Batch, async () => {});
    expect(steps).toEqual([]);
  });

  test('stays listed for an hour after a batch may have entered it, and no longer', async () => {
    await enter();
    now += 59 * MINUTE;
    await queues.remove(QUEUE);
    expect(await listed()).toEqual(['research']);
    now += 2 * MINUTE;
    await queues.remove(QUEUE);
    expect(await listed()).toEqual([]);
  });

  test('stays listed if a batch enters it while the sweep removes it', async () => {
    await enter();
    now += 2 * 60 * MINUTE;
    const table = items.table();
    const removing = tenantQueues(
      {
        ...table,
        async remove(id, token) {
          // The sweep has seen the queue empty, and has read its item.
          await enter();
          return table.remove(id, token);
        },
      },
      () => now,
    );
    await removing.remove(QUEUE);
    expect(await listed()).toEqual(['research']);
  });

  test('is listed again if the sweep removes it just before the writer lists it', async () => {
    await enter();
    now += 2 * 60 * MINUTE;
    const table = items.table();
    const writer = tenantQueues(
      {
        ...table,
        async put(item, condition) {
          if (condition.is === 'token') await queues.remove(QUEUE);
          return table.put(item, condition);
        },
      },
      () => now,
    );
    await writer.whileListed(QUEUED, async () => {});
    expect(await listed()).toEqual(['research']);
  });

  test('is listed by one of two writers, and both go on', async () => {
    const table = items.table();
    const slow = tenantQueues(
      {
        ...table,
        async put(item, condition) {
          await enter();
          return table.put(item, condition);
        },
      },
      () => now,
    );
    await slow.whileListed(QUEUED, async () => void steps.push('write another'));
    expect(steps).toEqual([`put ${ID} if absent`, 'write the batch', 'write another']);
  });

  test('is listed again after a write that took long: the computer may have slept', async () => {
    await enter(() => {
      now += 3 * 60 * MINUTE;
      items.table().remove(ID, items.get(ID)?.writeToken ?? '');
    });
    expect(await listed()).toEqual(['research']);
  });

  test('stays listed if its time cannot be read, until a batch enters it', async () => {
    await enter();
    const table = items.table();
    const item = items.get(ID);
    const condition = { is: 'token', writeToken: item?.writeToken ?? '' } as const;
    await table.put({ ...item, id: ID, writeToken: 'other', listedAt: 'soon' }, condition);
    now += 9 * 60 * MINUTE;
    await queues.remove(QUEUE);
    expect(await listed()).toEqual(['research']);
    await enter();
    expect(items.get(ID)?.listedAt).toBe(now);
  });
});
