import { expect, test } from 'vitest';
import type { BatchStore, ObjectStore } from '../../shared/batch/ports.ts';
import { MemoryBatches, type MemoryBatchesOptions } from '../../simulators/memory/batches.ts';
import { MemoryBucket } from '../../simulators/memory/bucket.ts';
import type { MakeCall } from '../../simulators/memory/calls.ts';
import { MemorySweepLock } from '../../simulators/memory/sweepLock.ts';
import {
  batchStoreContract,
  type ContractCase,
  objectStoreContract,
  sweepLockContract,
} from '../../testing/index.ts';

/** The suites find the faults that implementations have: each of these breaks just some duties. */

const repeated: MakeCall = async (_what, effect) => {
  effect();
  return effect();
};

/** What the failing cases say, by their names. */
async function failuresOf(cases: readonly ContractCase[]): Promise<Map<string, string>> {
  const failures = new Map<string, string>();
  await Promise.all(
    cases.map(({ name, run }) => run().catch((error: Error) => failures.set(name, error.message))),
  );
  return failures;
}

function batchCases(
  options: MemoryBatchesOptions,
  change: (store: BatchStore) => Partial<BatchStore> = () => ({}),
): ContractCase[] {
  const tables = new WeakMap<BatchStore, MemoryBatches>();
  return batchStoreContract({
    async create() {
      const table = new MemoryBatches(options);
      const store = table.store();
      const changed = { ...store, ...change(store) };
      tables.set(changed, table);
      return changed;
    },
    losingReplies: async (first) => tables.get(first)?.store(repeated) ?? first,
  });
}

test('a store that does not check the version', async () => {
  const failures = await failuresOf(batchCases({ checksVersion: false }));
  expect([...failures.keys()].sort()).toEqual([
    'BatchStore.replace: is a conflict if another writer was first, whatever replies are lost',
    'BatchStore.replace: lets one of many writers of the same version win',
    'BatchStore.replace: loses no change of writers that read, change and write again after a conflict',
    'BatchStore.replace: writes over the version before, and over no other',
  ]);
});

test('a store that does not know its own writes again', async () => {
  const failures = await failuresOf(batchCases({ checksToken: false }));
  expect([...failures.keys()].sort()).toEqual([
    'BatchStore.create: is written if its reply was lost',
    'BatchStore.replace: is written if its reply was lost',
  ]);
});

test('a store whose reads are behind its writes', async () => {
  const stale = (store: BatchStore) => {
    const read = new Map<string, Awaited<ReturnType<BatchStore['get']>>>();
    return {
      async get(batchId: string) {
        const before = read.get(batchId);
        read.set(batchId, await store.get(batchId));
        return before ?? read.get(batchId);
      },
    };
  };
  const failures = await failuresOf(batchCases({}, stale));
  expect([...failures.keys()]).toContain(
    'BatchStore.get: reads what any connection has written before, at once',
  );
});

test('a store whose pages leave out what is due at the same time', async () => {
  const lossy = (store: BatchStore): Partial<BatchStore> => ({
    async listDue(shard, until, cursor) {
      const page = await store.listDue(shard, until, cursor);
      return cursor === undefined ? page : { ...page, items: page.items.slice(1) };
    },
  });
  const failures = await failuresOf(batchCases({}, lossy));
  expect([...failures.keys()].sort()).toEqual(
    [
      'BatchStore.listDue: pages through 1, 2 and 450 batches that are due at the same time, each once',
      'BatchStore.listDue: misses no batch after the cursor when batches before it are no longer due',
      'BatchStore.listDue: starts at the beginning with a cursor that is not of this listing',
    ].toSorted(),
  );
});

test('a lock that does not keep others out', async () => {
  const cases = sweepLockContract({ create: async () => new MemorySweepLock(false).lock() });
  const failures = await failuresOf(cases);
  expect([...failures.keys()].sort()).toEqual([
    'SweepLock.acquire: gives each shard a lease of its own, with cursors of its own',
    'SweepLock.acquire: gives the lease to one of many sweeps at once, and no cursors to the first sweep of all',
    'SweepLock.acquire: gives the lease to the next sweep when its time is over, and not before',
    'SweepLock.release: changes nothing for a sweep that has lost the lease',
  ]);
});

function objectCases(change: (store: ObjectStore) => Partial<ObjectStore>): ContractCase[] {
  return objectStoreContract({
    async create() {
      const store = new MemoryBucket().store();
      return { ...store, ...change(store) };
    },
    isInMemory: true,
  });
}

test('a store whose streams end early without an error', async () => {
  const failures = await failuresOf(
    objectCases((store) => ({
      async *read(key, range) {
        for await (const chunk of store.read(key, range)) yield chunk.subarray(0, 1_000_000);
      },
    })),
  );
  expect([...failures.keys()]).toContain(
    'ObjectStore.read: returns all bytes of small, empty and large objects',
  );
});

test('a store that shows an object before it is closed', async () => {
  const failures = await failuresOf(
    objectCases((store) => ({
      writer(key) {
        const written: Uint8Array[] = [];
        const flush = async () => {
          const writer = store.writer(key);
          for (const chunk of written) await writer.write(chunk);
          return writer.close();
        };
        return {
          async write(chunk) {
            written.push(Buffer.from(chunk));
            await flush();
          },
          close: flush,
          abort: async () => {},
        };
      },
    })),
  );
  expect([...failures.keys()]).toEqual(
    expect.arrayContaining([
      'ObjectStore.writer: lets an object appear with close, and not before',
      'ObjectStore.writer: keeps the object before until close replaces it whole',
      'ObjectStore.writer.abort: leaves the object before as it was',
      'ObjectStore.writer.abort: leaves nothing of what was written, whatever its size, and can be repeated',
    ]),
  );
});

test('a store that holds whole objects in memory', async () => {
  const bucket = new MemoryBucket();
  const cases = objectStoreContract({ create: async () => bucket.store() });
  const [failure, ...others] = await failuresOf(
    cases.filter(({ name }) => name.includes('without holding them in memory')),
  );
  expect(others).toEqual([]);
  expect(failure?.[1]).toMatch(/MB of buffers were held at a time: write what is there before/);
});

test('a failure names the duty, what was expected and what came', async () => {
  const failures = await failuresOf(batchCases({ checksToken: false }));
  const text = failures.get('BatchStore.create: is written if its reply was lost');
  expect(text).toContain(
    'the duty "BatchStore.create: is written if its reply was lost" is not met.\ncreate: not what was expected.',
  );
  expect(text).toContain("+ 'exists'\n- 'written'");
});
