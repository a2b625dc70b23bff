import { describe } from 'vitest';
import { MemoryBatches } from '../../simulators/memory/batches.ts';
import { MemoryBucket } from '../../simulators/memory/bucket.ts';
import type { MakeCall } from '../../simulators/memory/calls.ts';
import { MemoryItems } from '../../simulators/memory/items.ts';
import { MemoryLanes } from '../../simulators/memory/lanes.ts';
import { MemoryProviderStates } from '../../simulators/memory/providerStates.ts';
import { MemorySweepLock } from '../../simulators/memory/sweepLock.ts';
import {
  batchStoreContract,
  laneStoreContract,
  objectStoreContract,
  providerStateStoreContract,
  requestRegisterContract,
  sweepLockContract,
} from '../../testing/index.ts';
import { remoteSubjectOf, runCases, runStoreContracts, subjectOf } from '../support/contracts.ts';

/** What the simulation and many tests take for AWS keeps the contracts as AWS does. */

/** Repeats every call, as an SDK does whose reply was lost. */
const repeated: MakeCall = async (_what, effect) => {
  effect();
  return effect();
};

describe('a table of items in memory', () => {
  runStoreContracts(
    remoteSubjectOf(() => {
      const items = new MemoryItems();
      return { open: () => items.table(), losing: () => items.table(repeated) };
    }),
  );
});

describe('in memory', () => {
  runCases(
    batchStoreContract(
      remoteSubjectOf(() => {
        const batches = new MemoryBatches();
        return { open: () => batches.store(), losing: () => batches.store(repeated) };
      }),
    ),
  );

  describe('with indexes that are behind', () => {
    runCases(
      batchStoreContract(
        remoteSubjectOf(() => {
          const batches = new MemoryBatches({ lagMs: () => 60, now: Date.now });
          return { open: () => batches.store(), losing: () => batches.store(repeated) };
        }),
      ),
    );
    runCases(
      laneStoreContract(
        remoteSubjectOf(() => {
          const lanes = new MemoryLanes({ lagMs: () => 60, now: Date.now });
          return { open: () => lanes.laneStore(), losing: () => lanes.laneStore(repeated) };
        }),
      ),
    );
  });

  runCases(
    providerStateStoreContract(
      remoteSubjectOf(() => {
        const states = new MemoryProviderStates();
        return { open: () => states.store(), losing: () => states.store(repeated) };
      }),
    ),
  );
  runCases(
    sweepLockContract(
      remoteSubjectOf(() => {
        const lock = new MemorySweepLock();
        return { open: () => lock.lock(), losing: () => lock.lock(repeated) };
      }),
    ),
  );
  runCases(
    laneStoreContract(
      remoteSubjectOf(() => {
        const lanes = new MemoryLanes();
        return { open: () => lanes.laneStore(), losing: () => lanes.laneStore(repeated) };
      }),
    ),
  );
  runCases(
    requestRegisterContract(
      remoteSubjectOf(() => {
        const lanes = new MemoryLanes();
        return { open: () => lanes.register(), losing: () => lanes.register(repeated) };
      }),
    ),
  );
  runCases(
    objectStoreContract({
      ...subjectOf(() => {
        const bucket = new MemoryBucket();
        return { open: () => bucket.store() };
      }),
      isInMemory: true,
    }),
  );
});
