import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../../../shared/batch/policy.ts';
import type { WaitingHint, WaitingQueue } from '../../../../shared/batch/ports.ts';
import type { Batch } from '../../../../shared/batch/record.ts';
import { queuePages } from '../../../../shared/usecases/sweep/queuePages.ts';
import { aBatch } from '../../../support/batches.ts';
import { SUCCESS } from '../../../support/fakes/fakeProvider.ts';
import { given, INPUT } from '../../../support/given.ts';
import { type World, world } from '../../../support/world.ts';

const NO_CURSORS = () => new Map<string, string>();

/** Batches that wait, made by the store, so that the queues of their tenants are listed. */
async function queue(
  w: World,
  tenant: string | undefined,
  count: number,
  more: {
    readonly priority?: number;
    readonly tokens?: number;
    readonly providers?: string[];
  } = {},
): Promise<void> {
  const { priority = 0, tokens = 10, providers = ['openai'] } = more;
  for (let n = 0; n < count; n++) {
    const [provider = ''] = providers;
    const batch = given('queued', {
      ...{ batchId: `${tenant ?? 'none'}-${priority}-${n}`, version: 0, provider },
      createdAt: w.dependencies.clock.now() + n,
      input: { ...INPUT, model: 'm', estimatedTokens: tokens },
      spec: { ...aBatch().spec, priority, tenant, providers: providers as [string] },
    });
    await w.batches.create(batch);
  }
}

const started = (w: World) =>
  w.batches.all().filter(({ status }) => status === 'submitting' || status === 'running');
const startedOf = (w: World, tenant: string | undefined) =>
  started(w).filter(({ spec }) => spec.tenant === tenant).length;

function limited(maxInFlight: number): World {
  const w = world(DEFAULT_POLICY);
  Object.assign(w.provider, { limits: { ...w.provider.limits, maxInFlight } });
  return w;
}

describe('a sweep', () => {
  it('starts batches of all tenants, and of none, in turn', async () => {
    const w = limited(6);
    await queue(w, 'heavy', 30);
    await queue(w, undefined, 30);
    await queue(w, 'light', 3);
    await w.sweep();
    expect([startedOf(w, 'heavy'), startedOf(w, undefined), startedOf(w, 'light')]).toEqual([
      2, 2, 2,
    ]);
  });

  it('gives a tenant that is alone everything, and keeps nothing of it', async () => {
    const w = limited(6);
    await queue(w, 'alone', 30);
    await w.sweep();
    expect(startedOf(w, 'alone')).toBe(6);
    expect(w.states.get('openai')?.shares).toBeUndefined();
  });

  it('remembers in the next sweep whose turn it is', async () => {
    const w = limited(1);
    await queue(w, 'a', 9);
    await queue(w, 'b', 9);
    const order: (string | undefined)[] = [];
    for (let n = 0; n < 6; n++) {
      await w.sweep();
      const [batch] = started(w);
      order.push(batch?.spec.tenant);
      w.batches.put({ ...given('completed'), ...batch, status: 'completed' } as Batch);
      w.advance(60);
    }
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  });

  it('starts batches of higher priority first, whoever they are of', async () => {
    const w = limited(3);
    await queue(w, 'a', 9);
    await queue(w, 'b', 9, { priority: 5 });
    await w.sweep();
    expect(startedOf(w, 'b')).toBe(3);
  });

  it('lists a tenant no longer whose queue was empty for an hour, and again once a batch enters it', async () => {
    const w = limited(9);
    const tenants = async () => (await w.batches.listTenants('openai')).items;
    await queue(w, 'a', 1);
    await w.sweep();
    expect(await tenants()).toEqual(['a']);
    w.advance(3_700);
    await w.sweep();
    expect(await tenants()).toEqual([]);
  });

  it('ends batches of tenants at their deadlines, also of an entry that is gone', async () => {
    const w = limited(0);
    await queue(w, 'a', 1, { providers: ['gone'] });
    await w.sweep();
    w.advance(30 * 24 * 3_600);
    w.states.set('gone', { schemaVersion: 1, provider: 'gone', version: 1 });
    await w.sweep();
    expect(w.batch('a-0-0').status).not.toBe('queued');
  });
});

describe('the budget of a tenant', () => {
  const priced = (w: World) => {
    w.provider.pricing = { priceOf: () => ({ input: 1, output: 0 }), dailyBudget: undefined };
    return w;
  };
  const withBudget = (w: World, dailyBudget: number) =>
    w.dependencies.tenants.replace({ schemaVersion: 1, tenant: 'a', version: 1, dailyBudget });

  it('holds its batches back and nobody else, counts running jobs, and is reported', async () => {
    const w = priced(limited(20));
    await withBudget(w, 2.5e-5);
    await queue(w, 'a', 5, { tokens: 10 });
    await queue(w, undefined, 5);
    await w.sweep();
    await w.sweep();
    expect([startedOf(w, 'a'), startedOf(w, undefined)]).toEqual([2, 5]);
    expect(w.metrics.get('TenantBudgetWaits')).toBe(6);
    expect(w.logged.join()).toContain('daily budget of a tenant reached; batches wait');
  });

  it('counts what a collected job has cost', async () => {
    const w = priced(limited(20));
    await w.add('b1', ['x'], { tenant: 'a' });
    await w.workAll();
    await w.sweep();
    await w.workAll();
    const [job] = w.provider.jobs;
    if (!job) throw new Error('no job was created');
    w.provider.end(job, { kind: 'completed' }, () => SUCCESS);
    w.advance(60);
    await w.sweep();
    await w.workAll();
    const { spent } = await w.dependencies.tenants.get('a');
    expect(spent?.amount).toBeGreaterThan(0);
    expect(spent).toEqual(w.states.get('openai')?.spent);
  });

  it('that cannot be read keeps its batches back, and those of others start', async () => {
    const w = priced(limited(20));
    const { tenants } = w.dependencies;
    const get = tenants.get;
    tenants.get = (tenant) =>
      tenant === 'a' ? Promise.reject(new Error('throttled')) : get(tenant);
    await queue(w, 'a', 2);
    await queue(w, 'b', 2);
    await w.sweep();
    expect([startedOf(w, 'a'), startedOf(w, 'b')]).toEqual([0, 2]);
    expect(w.logged.join()).toContain('budget of a tenant cannot be read');
  });
});

describe('the pages of many queues', () => {
  /** So many tenants, each with a queue of so many pages of one batch; and how often each was read. */
  function reading(tenants: number, pages: number) {
    const reads = new Map<string, number>();
    const names = Array.from({ length: tenants }, (_, n) => `t${String(n).padStart(3, '0')}`);
    const batches = {
      async listTenants(_provider: string, cursor = '0') {
        const from = Number(cursor);
        const next = from + 100 < tenants ? String(from + 100) : undefined;
        return { items: names.slice(from, from + 100), cursor: next };
      },
      async listWaiting({ tenant }: WaitingQueue, cursor = '0') {
        if (tenant === undefined) return { items: [] };
        reads.set(tenant, (reads.get(tenant) ?? 0) + 1);
        const page = Number(cursor);
        const items = [{ batchId: `${tenant}-${page}`, tenant, priority: 0 } as WaitingHint];
        return { items, cursor: page + 1 < pages ? String(page + 1) : undefined };
      },
      unlistTenant: async () => {},
    } as unknown as World['batches'];
    const queueCursors = NO_CURSORS();
    const run = {
      ...{ queueCursors, admitted: new Map<string, number>() },
      safely: (_subject: object, step: () => Promise<void>) => step(),
    };
    const sweepOnce = async () => {
      reads.clear();
      const found: string[] = [];
      for await (const page of queuePages({ batches }, run, 'openai'))
        found.push(...page.map(({ batchId }) => batchId));
      return found;
    };
    return { reads, sweepOnce };
  }

  it('are read to their ends if they are short, however many there are', async () => {
    const { sweepOnce } = reading(90, 1);
    expect(await sweepOnce()).toHaveLength(90);
  });

  it('are of at most 200 tenants in a sweep, and of all in some', async () => {
    const { reads, sweepOnce } = reading(450, 1);
    const seen = new Set<string>();
    for (let sweeps = 0; sweeps < 5; sweeps++) {
      for (const id of await sweepOnce()) seen.add(id);
      expect(reads.size).toBeLessThanOrEqual(200);
    }
    expect(seen.size).toBe(450);
  });

  it('are bounded, and come to the end of every queue in some sweeps', async () => {
    const { reads, sweepOnce } = reading(30, 20);
    const seen = new Set<string>();
    for (let sweeps = 0; sweeps < 20; sweeps++) {
      for (const id of await sweepOnce()) seen.add(id);
      expect([...reads.values()].reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(60);
    }
    expect(seen.size).toBe(30 * 20);
  });

  it('have no more batches at once, however many long queues there are, and those of a low priority wait', async () => {
    const names = Array.from({ length: 90 }, (_, n) => `t${n}`);
    const reads: string[] = [];
    const batches = {
      listTenants: async () => ({ items: names }),
      async listWaiting({ tenant = '' }: WaitingQueue, cursor = '0', limit = 1_000) {
        reads.push(tenant);
        const [from, priority] = [Number(cursor), tenant === 't0' ? 5 : 0];
        const end = Math.min(10_000, from + Math.min(limit, 1_000));
        const items = Array.from(
          { length: end - from },
          (_, n) => ({ batchId: `${tenant}-${from + n}`, tenant, priority }) as WaitingHint,
        );
        return { items, cursor: end < 10_000 ? String(end) : undefined };
      },
    } as unknown as World['batches'];
    const admitted = new Map<string, number>();
    const run = {
      ...{ queueCursors: NO_CURSORS(), admitted },
      safely: (_subject: object, step: () => Promise<void>) => step(),
    };
    const rounds: number[] = [];
    for await (const page of queuePages({ batches }, run, 'openai')) {
      rounds.push(page.length);
      // Everything of a high priority starts.
      if (page.every(({ priority }) => priority === 5)) admitted.set('openai', rounds.length);
    }
    expect(Math.max(...rounds)).toBeLessThanOrEqual(11_000);
    expect(reads.slice(91, 100)).toEqual(Array.from({ length: 9 }, () => 't0'));
  });

  it('come in the order of priority, although the pages of a queue are behind each other', async () => {
    const queues: Record<string, number[][]> = {
      a: [
        [5, 5],
        [5, 1],
      ],
      b: [[3, 0], [-1]],
    };
    const batches = {
      listTenants: async () => ({ items: ['a', 'b'] }),
      async listWaiting({ tenant = '' }: WaitingQueue, cursor = '0') {
        const pages = queues[tenant] ?? [[]];
        const page = Number(cursor);
        const items = pages[page]?.map((priority) => ({ tenant, priority }) as WaitingHint) ?? [];
        return { items, cursor: page + 1 < pages.length ? String(page + 1) : undefined };
      },
    } as unknown as World['batches'];
    const run = {
      ...{ queueCursors: NO_CURSORS(), admitted: new Map<string, number>() },
      safely: (_subject: object, step: () => Promise<void>) => step(),
    };
    const rounds: number[][] = [];
    for await (const page of queuePages({ batches }, run, 'openai'))
      rounds.push(page.map(({ priority }) => priority).sort((x, y) => y - x));
    expect(rounds).toEqual([[5, 5], [5, 3, 1, 0], [-1]]);
  });
});
