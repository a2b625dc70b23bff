import { describe, expect, it } from 'vitest';
import { exhaust, runLife } from './exhaustive.ts';
import { LIVES, type LifeName } from './lives.ts';
import { PortWatch } from './portWatch.ts';

const NAMES = Object.keys(LIVES) as LifeName[];

/** Methods of ports that no life calls without a fault, and where they are called. */
const CALLED_ONLY_AFTER_FAULTS = new Set([
  // A record that cannot be read or is filed wrongly, which no writer here makes.
  'batches.refile',
  'batches.removeUnreadable',
  // Nothing has a price, so that nothing is spent.
  'tenants.replace',
  // A malformed message, which no life sends: the random schedules do.
  'queues.sendDeadLetter',
  'collectorQueue.sendDeadLetter',
  // The API makes uploads, on the table itself.
  'uploads.create',
  // Nothing that is created or cancelled needs them.
  ...['items.getMany', 'items.query', 'items.remove', 'items.scan'],
  // A sweep in shards: the random schedules have several.
  'sweepLock.last',
  // A request that the kind cannot express is found by the inspection, in memory.
  'provider.checkOptions',
]);

describe('exhaustive faults', () => {
  it('come to every method of every port: one that no life calls would never meet a fault', async () => {
    const watch = new PortWatch();
    for (const life of NAMES) expect((await runLife(life, [], { watch })).what).toEqual([]);
    expect([...watch.unknown], 'ports that are neither watched nor excused').toEqual([]);
    const outside = [...watch.known].filter((method) => !watch.called.has(method));
    expect(outside.sort()).toEqual([...CALLED_ONLY_AFTER_FAULTS].sort());
  });

  it('come to the listing of jobs once the answer of a create call is lost', async () => {
    const { points } = await runLife('plain', []);
    const create = points.findIndex(({ what }) => what.includes(': create '));
    const watch = new PortWatch();
    const { what } = await runLife('plain', [[create, 'reply lost']], { watch });
    expect(what).toEqual([]);
    expect(watch.called).toContain('provider.listJobs');
  });

  it('keep every promise: one fault in 12, in every life', async () => {
    for (const life of NAMES) {
      const { points, runs, broken } = await exhaust({ life, depth: 1, index: 0, of: 12 });
      expect(broken, life).toEqual([]);
      expect(points, life).toBeGreaterThan(50);
      expect(runs, life).toBeGreaterThan(20);
    }
  });

  it('keep every promise under pairs of faults: a sample, in a plain life', async () => {
    const { runs, broken } = await exhaust({ life: 'plain', depth: 2, index: 0, of: 1_500 });
    expect(broken).toEqual([]);
    expect(runs).toBeGreaterThan(50);
  });
});
