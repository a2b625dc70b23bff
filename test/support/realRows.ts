import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { sentAgain } from '../../simulators/engine/journal.ts';
import { type Emulators, startEmulators } from './emulators.ts';
import { type RealSystem, type RealSystemOptions, startRealSystem } from './realSystem.ts';

export const IDS = ['r1', 'r2', 'r3', 'r4', 'r5', 'r6'];

/** Systems for the tests of one file, on emulators that they share. Each ends with its test. */
export function realSystems(): (options?: RealSystemOptions) => Promise<RealSystem> {
  let emulators: Emulators;
  const running: RealSystem[] = [];
  beforeAll(async () => {
    emulators = await startEmulators();
  });
  afterEach(async () => {
    for (const system of running.splice(0)) await system.stop();
  });
  afterAll(() => emulators.stop());
  return async (options) => {
    const system = await startRealSystem(emulators, options);
    running.push(system);
    return system;
  };
}

/** What must hold whatever went wrong: each job paid for is in the record, each request has a row. */
export async function expectAccounted(
  system: RealSystem,
  batchId: string,
  customIds: readonly string[] = IDS,
): Promise<void> {
  const { jobs } = await system.simulator.journal();
  const own = jobs.filter((job) => job.batch === batchId);
  const keys = own.map(({ key }) => key);
  expect(new Set(keys).size, 'one job per submission').toBe(own.length);
  expect(sentAgain(own), 'nothing that succeeded was sent again').toEqual([]);

  const { counts, rows, keyPrefix, submission } = await system.batch(batchId);
  expect(counts.total).toBe(customIds.length);
  expect(counts.succeeded + counts.failed + counts.unfinished).toBe(counts.total);
  for (const key of keys) {
    const [prefix, number] = key?.split('-') ?? [];
    expect(prefix).toBe(keyPrefix);
    expect(Number(number)).toBeLessThanOrEqual(submission);
  }
  const results = await system.rows(rows?.results);
  const errors = await system.rows(rows?.errors);
  expect(results).toHaveLength(counts.succeeded);
  expect([...results, ...errors].map((row) => row.custom_id).toSorted()).toEqual(
    customIds.toSorted(),
  );
}

/** Adds a batch of six requests and brings it to the provider. */
export async function submitted(system: RealSystem, batchId: string): Promise<void> {
  await system.add(batchId, IDS);
  await system.drain();
  await system.sweep();
  await system.drain();
}
