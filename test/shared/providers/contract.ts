import { afterAll, describe } from 'vitest';
import { cancellingContract } from './contract/cancelling.ts';
import { collectingContract } from './contract/collecting.ts';
import { deletingContract } from './contract/deleting.ts';
import { endingContract } from './contract/ending.ts';
import { listingContract } from './contract/listing.ts';
import { submittingContract } from './contract/submitting.ts';
import type { Harness, Simulation, Start } from './harness.ts';

/** What every provider must do, tested over HTTP against its simulator. */
export function providerContract(harness: Harness): void {
  const running: Simulation[] = [];
  afterAll(async () => {
    for (const simulation of running) await simulation.close();
  });
  const start: Start = async (options = {}) => {
    const simulation = await harness.start(options);
    running.push(simulation);
    return simulation;
  };

  // Concurrent, because most of the time is spent waiting between repeated calls.
  describe.concurrent(harness.name, () => {
    submittingContract(harness, start);
    endingContract(harness, start);
    listingContract(harness, start);
    cancellingContract(harness, start);
    collectingContract(harness, start);
    deletingContract(harness, start);
  });
}
