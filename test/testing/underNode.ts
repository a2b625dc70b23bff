import { test } from 'node:test';
import { MemoryBatches } from '../../simulators/memory/batches.ts';
import { MemorySweepLock } from '../../simulators/memory/sweepLock.ts';
import { batchStoreContract, sweepLockContract } from '../../testing/index.ts';

/** What a user's test file looks like with `node --test`. */
const cases = [
  ...batchStoreContract({ create: async () => new MemoryBatches().store() }),
  ...sweepLockContract({ create: async () => new MemorySweepLock().lock() }),
];
for (const { name, run } of cases) test(name, run);
