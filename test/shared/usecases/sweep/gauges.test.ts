import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../../../shared/batch/policy.ts';
import { METRICS } from '../../../../shared/metrics.ts';
import { aBatch } from '../../../support/batches.ts';
import { NOW } from '../../../support/given.ts';
import { type World, world } from '../../../support/world.ts';
import { putRunning } from './running.ts';

function putQueued(w: World, batchId: string, ageSeconds: number): void {
  const statusAt = NOW - ageSeconds * 1000;
  // Added long before: what counts is since when it waits for room.
  w.batches.put(aBatch({ batchId, status: 'queued', createdAt: NOW - 9e7, statusAt }));
}

/** A provider that takes so many jobs at once. */
function withRoomFor(maxInFlight: number): World {
  const w = world();
  Object.assign(w.provider, { limits: { ...w.provider.limits, maxInFlight } });
  return w;
}

function pause(w: World): void {
  const reason = { code: 'invalid_api_key', message: 'no' };
  const hold = { kind: 'account', reason, until: NOW + 60_000, refusals: 1 } as const;
  w.states.set('openai', { schemaVersion: 1, provider: 'openai', version: 1, hold });
}

describe('a sweep measures', () => {
  it('the batches that still wait for capacity after the admission', async () => {
    const w = withRoomFor(1);
    putQueued(w, 'first', 50);
    putQueued(w, 'second', 40);
    putQueued(w, 'third', 30);

    await w.sweep();

    expect(w.metrics.get(METRICS.queued)).toBe(2);
    expect(w.metrics.get(METRICS.oldestQueuedAge)).toBe(40);
  });

  it('by tenant, those with the most batches waiting, and none by default', async () => {
    const putFor = async (w: World, tenant: string, count: number) => {
      const spec = { ...aBatch().spec, tenant };
      for (let n = 0; n < count; n++) {
        const statusAt = NOW - 60_000 * n;
        await w.batches.create(
          aBatch({ batchId: `${tenant}-${n}`, status: 'queued', statusAt, spec }),
        );
      }
    };
    for (const tenantMetrics of [2, 0]) {
      const w = world({ ...DEFAULT_POLICY, tenantMetrics });
      pause(w);
      await putFor(w, 'few', 1);
      await putFor(w, 'most', 5);
      await putFor(w, 'more', 3);
      await w.sweep();
      const ofTenants = [...w.metrics].filter(
        ([name]) => name.includes('@') && !name.includes('openai'),
      );
      const expected = [
        ...[
          ['BatchesQueued@most', 5],
          ['OldestQueuedAge@most', 240],
        ],
        ...[
          ['BatchesQueued@more', 3],
          ['OldestQueuedAge@more', 120],
        ],
      ];
      expect(ofTenants).toEqual(tenantMetrics === 0 ? [] : expected);
      expect(w.metrics.get(METRICS.queued)).toBe(9);
    }
  });

  it('a wait from when it began, through refusals for quota', async () => {
    const w = withRoomFor(0);
    const queuedSince = NOW - 7_200_000;
    w.batches.put(aBatch({ batchId: 'refused', status: 'queued', statusAt: NOW, queuedSince }));

    await w.sweep();

    expect(w.metrics.get(METRICS.oldestQueuedAge)).toBe(7_200);
  });

  it('the running jobs, for each provider and in all', async () => {
    const w = world();
    putRunning(w, 3);

    await w.sweep();

    expect(w.metrics.get(METRICS.inFlight)).toBe(3);
    expect(w.metrics.get(`${METRICS.inFlight}@openai`)).toBe(3);
  });

  it('nothing if there is nothing, since each value is charged', async () => {
    const w = world();

    await w.sweep();

    expect([...w.metrics]).toEqual([]);
  });

  it('the blocked providers', async () => {
    const w = world();
    pause(w);

    await w.sweep();
    expect(w.metrics.get(METRICS.providerBlocked)).toBe(1);
    expect(w.metrics.get(`${METRICS.providerBlocked}@openai`)).toBe(1);

    w.advance(61);
    w.metrics.clear();
    await w.sweep();
    expect(w.metrics.has(METRICS.providerBlocked)).toBe(false);
  });

  it('how long due batches had waited, except for running jobs', async () => {
    const w = world();
    putRunning(w, 1);
    w.batches.put(aBatch({ batchId: 'late', status: 'inspecting', dueAt: NOW - 300_000 }));
    w.batches.put(aBatch({ batchId: 'later', status: 'inspecting', dueAt: NOW - 20_000 }));

    await w.sweep();

    expect(w.metrics.get(METRICS.sweepLag)).toBe(300);
  });

  it('no wait of less than five minutes, which every schedule brings', async () => {
    const w = world();
    w.batches.put(aBatch({ batchId: 'usual', status: 'inspecting', dueAt: NOW - 299_000 }));

    await w.sweep();

    expect(w.metrics.has(METRICS.sweepLag)).toBe(false);
  });

  it('no numbers of a part, if it ran out of time', async () => {
    const w = world();
    putRunning(w, 1);
    w.provider.listStates = undefined as never;
    w.provider.check = async () => {
      w.advance(290);
      return { state: 'running' };
    };

    await w.sweep();

    expect(w.metrics.get(METRICS.sweepsTruncated)).toBe(1);
    expect(w.metrics.has(METRICS.inFlight)).toBe(false);
  });

  it('all running jobs also if it resumes a sweep that ran out of time', async () => {
    const w = world();
    putRunning(w, 3);
    const { acquire } = w.dependencies.sweepLock;
    w.dependencies.sweepLock.acquire = async (token, now, until) =>
      (await acquire(token, now, until)) && { 'open#0': '1', 'running#openai': 'b1' };

    await w.sweep();

    expect(w.metrics.has(METRICS.sweepsTruncated)).toBe(false);
    expect(w.metrics.get(METRICS.inFlight)).toBe(3);
  });
});
