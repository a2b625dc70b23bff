import { describe, expect, it } from 'vitest';
import { jobPartition } from '../../../../shared/batch/partitions.ts';
import type { SweepCursors } from '../../../../shared/batch/ports.ts';
import { METRICS } from '../../../../shared/metrics.ts';
import { notesOfShards, notesOfStrays, scopeOf } from '../../../../shared/usecases/sweep/shards.ts';
import { sweep, sweepPart } from '../../../../shared/usecases/sweep/sweep.ts';
import { MemoryBatches } from '../../../../simulators/memory/batches.ts';
import { aBatch } from '../../../support/batches.ts';
import { NOW } from '../../../support/given.ts';
import { type World, world } from '../../../support/world.ts';

const FEW = { due: 4, active: 1 };
const MANY = { due: 64, active: 64 };
const HOUR = 3_600_000;
const JOB = { id: 'job', submission: 1, submittedAt: NOW };
const storeOf = (shards: number) => ({
  partitions: shards === 1 ? FEW : MANY,
  everyPartition: MANY,
});
const range = (count: number) => Array.from({ length: count }, (_, number) => number);

/** What all sweeps of so many shards read together. */
function readBy(shards: number, cursors: SweepCursors = {}) {
  const given = { cursors, now: NOW };
  const parts = shards === 1 ? [undefined] : range(shards);
  const scopes = parts.map((shard) => scopeOf({ shards, shard }, storeOf(shards), given));
  return {
    due: scopes.flatMap(({ due }) => due),
    checked: scopes.flatMap(({ checked }) => checked),
    scopes,
    coordinator: scopeOf({ shards }, storeOf(shards), given),
  };
}

describe('of any number of shards', () => {
  const numbers = range(32).map((number) => number + 1);

  it('each partition has exactly one that reads it, and each has at least two', () => {
    for (const shards of numbers.slice(1)) {
      const { due, checked, scopes, coordinator } = readBy(shards);
      expect(due.toSorted((a, b) => a - b)).toEqual(range(64));
      expect(checked.toSorted((a, b) => a - b)).toEqual(range(64));
      for (const { due: own, coordinates } of scopes) {
        expect(own.length).toBeGreaterThanOrEqual(2);
        expect(coordinates).toBe(false);
      }
      expect(coordinator).toMatchObject({ coordinates: true, checked: [], active: range(64) });
    }
  });

  it('the coordinator acts on what the shards leave out, and on nothing else', () => {
    const { scopes, coordinator } = readBy(16);
    const whole = readBy(1).coordinator.dueStatuses;
    for (const { dueStatuses } of scopes)
      expect([...dueStatuses, ...coordinator.dueStatuses].toSorted()).toEqual(whole.toSorted());
  });

  it('no partition is without an owner after any change to any other number', () => {
    for (const before of numbers)
      for (const after of numbers) {
        // What the coordinator of the first number, or the only sweep, has left under the common lease.
        const cursors =
          before > 1
            ? notesOfShards(before, NOW - HOUR)
            : notesOfStrays({}, { looksForStrays: false }, { mayHaveMore: false, now: NOW });
        const written = before > 1 || after > 1 ? range(64) : range(4);
        const { due, checked } = readBy(after, cursors);
        for (const partition of written) {
          expect(due.filter((each) => each === partition)).toHaveLength(1);
          if (partition === 0 || written.length > 4)
            expect(checked.filter((each) => each === partition)).toHaveLength(1);
        }
      }
  });
});

describe('the only shard', () => {
  const scopeAt = (cursors: SweepCursors, now: number) =>
    scopeOf({ shards: 1 }, storeOf(1), { cursors, now });
  const looksAt = (cursors: SweepCursors, now: number) => scopeAt(cursors, now).looksForStrays;

  it('reads as few partitions as ever, from its first sweep on', () => {
    expect(scopeAt({}, NOW)).toMatchObject({ due: range(4), checked: [0], active: [0] });
    const next = notesOfStrays({}, scopeAt({}, NOW), { mayHaveMore: false, now: NOW });
    expect(looksAt(next, NOW + HOUR - 1)).toBe(false);
    expect(looksAt(next, NOW + HOUR)).toBe(true);
  });

  it('reads all of them while something is there, for an hour longer, and then once an hour', () => {
    let cursors: SweepCursors = notesOfShards(16, NOW);
    const sweepAt = (now: number, mayHaveMore: boolean) => {
      const scope = scopeAt(cursors, now);
      cursors = notesOfStrays(cursors, scope, { mayHaveMore, now });
      return scope.looksForStrays;
    };
    expect(sweepAt(NOW, true)).toBe(true);
    expect(sweepAt(NOW + HOUR - 1, true)).toBe(true);
    expect(sweepAt(NOW + 2 * HOUR - 2, false)).toBe(true);
    expect(sweepAt(NOW + 2 * HOUR, false)).toBe(false);
    expect(sweepAt(NOW + 3 * HOUR, false)).toBe(true);
    expect(sweepAt(NOW + 3 * HOUR + 1, false)).toBe(false);
  });

  it('looks at once if its notes cannot be read', () => {
    expect(looksAt({ shards: 'odd' }, NOW)).toBe(true);
    expect(looksAt({ looked: 'odd' }, NOW)).toBe(false);
  });

  it('does not look for what its table cannot hold', () => {
    const scope = scopeOf({ shards: 1 }, { partitions: FEW }, { cursors: {}, now: NOW });
    expect(notesOfStrays({}, scope, { mayHaveMore: true, now: NOW })).toEqual({});
  });
});

describe('the partition of a job', () => {
  it('is that of the five minutes in which it was created, through all of its statuses', () => {
    const submittedAt = 64 * 300_000 * 1_000 + 7 * 300_000;
    const job = { ...JOB, submittedAt };
    for (const after of [0, 299_999]) {
      const created = { ...job, submittedAt: submittedAt + after };
      expect(jobPartition({ job: created, statusAt: NOW }, 64)).toBe(7);
    }
    expect(
      jobPartition({ job: { ...job, submittedAt: submittedAt + 300_000 }, statusAt: 0 }, 64),
    ).toBe(8);
    expect(jobPartition({ job: undefined, statusAt: submittedAt }, 64)).toBe(7);
    expect(jobPartition({ job, statusAt: NOW }, 1)).toBe(0);
  });
});

/** A handler with several shards. Each of its batches runs a job of another five minutes. */
function sharded(shards: number, jobs: number): World & { part(shard?: number): Promise<void> } {
  const w = world();
  const table = new MemoryBatches({ everyPartition: MANY });
  const store = table.store(undefined, undefined, shards === 1 ? FEW : MANY);
  Object.assign(w.dependencies, { batches: store });
  for (const number of range(jobs)) {
    const job = { ...JOB, id: `job-${number}`, submittedAt: number * 300_000 };
    void store.create(aBatch({ batchId: `b${number}`, status: 'running', job, dueAt: NOW }));
  }
  const part = (shard?: number) =>
    sweepPart(w.dependencies, w.dependencies.clock.now() + 300_000, { shards, shard });
  return Object.assign(w, { part });
}

describe('the sweeps of several shards', () => {
  it('check each job once in a round', async () => {
    const w = sharded(4, 10);
    w.provider.listStates = undefined as never;
    const checked: string[] = [];
    w.provider.check = async (jobId) => {
      checked.push(jobId);
      return { state: 'running' };
    };

    await w.part();
    expect(checked).toEqual([]);
    await w.part(1);
    expect(checked.toSorted()).toEqual(['job-1', 'job-5', 'job-9']);
    for (const shard of [0, 2, 3]) await w.part(shard);
    expect(checked.toSorted()).toEqual(range(10).map((number) => `job-${number}`));
  });

  it('go on beside one that hangs', async () => {
    const w = sharded(2, 4);
    await w.dependencies.sweepLock.acquire('hangs', NOW, NOW + HOUR, 0);
    const swept = () => w.logged.filter((line) => line.startsWith('sweep done')).length;
    await w.part(0);
    expect(swept()).toBe(0);
    await w.part(1);
    expect(swept()).toBe(1);
    await w.part();
    expect(swept()).toBe(2);
  });

  it('are skipped for a shard that there is not', async () => {
    const w = sharded(2, 2);
    await w.part(2);
    const one = sharded(1, 2);
    await one.part(0);
    for (const { logged } of [w, one])
      expect(logged).toEqual([expect.stringContaining('no such shard')]);
  });

  it('add up to the metrics of all, which only the coordinator emits', async () => {
    const w = sharded(2, 5);
    await w.part();
    expect(w.metrics.has(METRICS.inFlight)).toBe(false);
    w.advance(60);
    await w.part(0);
    await w.part(1);
    expect(w.metrics.has(METRICS.inFlight)).toBe(false);
    w.advance(60);
    await w.part();
    expect(w.metrics.get(METRICS.inFlight)).toBe(5);
    expect(w.metrics.get(`${METRICS.inFlight}@openai`)).toBe(5);
  });

  it('show when one of them has not ended normally for ten minutes', async () => {
    const w = sharded(2, 2);
    const minute = async (isShardOneWell: boolean) => {
      w.advance(60);
      w.metrics.delete(METRICS.shardsLate);
      await w.part();
      await w.part(0);
      if (isShardOneWell) await w.part(1);
      else {
        const listDue = w.dependencies.batches.listDue;
        w.dependencies.batches.listDue = async () => {
          throw new Error('no table');
        };
        await expect(w.part(1)).rejects.toThrow('no table');
        w.dependencies.batches.listDue = listDue;
      }
      return w.metrics.get(METRICS.shardsLate) ?? 0;
    };
    expect(await minute(true)).toBe(0);
    for (let minutes = 0; minutes < 10; minutes++) expect(await minute(false)).toBe(0);
    w.metrics.delete(METRICS.inFlight);
    expect(await minute(false)).toBe(1);
    expect(w.logged.join()).toContain('{"shards":[1]}');
    expect(w.metrics.has(METRICS.inFlight)).toBe(false);
    await minute(true);
    expect(await minute(true)).toBe(0);
  });
});

describe('the coordinator', () => {
  it('is watched by the first shard', async () => {
    const w = sharded(2, 2);
    await w.part();
    w.advance(600);
    await w.part(0);
    expect(w.metrics.has(METRICS.shardsLate)).toBe(false);
    for (let minutes = 0; minutes < 2; minutes++) {
      w.advance(60);
      await w.part(1);
      expect(w.metrics.has(METRICS.shardsLate)).toBe(false);
    }
    await w.part(0);
    expect(w.metrics.get(METRICS.shardsLate)).toBe(1);
  });
});

describe('after a change to one shard', () => {
  it('the jobs that several have written are checked and counted until they end', async () => {
    const table = new MemoryBatches({ everyPartition: MANY });
    const w = world();
    const several = table.store(undefined, undefined, MANY);
    const job = { ...JOB, submittedAt: 7 * 300_000 };
    await several.create(aBatch({ batchId: 'b7', status: 'running', job, dueAt: NOW }));
    const dependencies = { ...w.dependencies, batches: several };
    await sweep(dependencies, NOW + 300_000, { shards: 2 });
    dependencies.batches = table.store(undefined, undefined, FEW);
    let checks = 0;
    w.provider.check = async () => {
      checks += 1;
      return { state: 'running' };
    };
    w.provider.listStates = undefined as never;

    for (const minutes of [1, 90, 200]) {
      w.advance(minutes * 60);
      await sweep(dependencies, w.dependencies.clock.now() + 300_000);
    }
    expect(checks).toBe(3);
    expect(w.metrics.get(METRICS.inFlight)).toBe(1);
  });
});
