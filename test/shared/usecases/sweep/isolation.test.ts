import { describe, expect, it } from 'vitest';
import { METRICS } from '../../../../shared/metrics.ts';
import { aBatch } from '../../../support/batches.ts';
import {
  type FakeProvider,
  fakeProvider,
  fakeProviders,
} from '../../../support/fakes/fakeProvider.ts';
import { NOW } from '../../../support/given.ts';
import { type World, world } from '../../../support/world.ts';
import { turn } from './running.ts';

/** A call that never gets an answer. */
const hangs = () => new Promise<never>(() => {});

interface Several {
  readonly w: World;
  readonly at: Readonly<Record<string, FakeProvider>>;
}

/** A world of several providers. */
function several(...names: readonly string[]): Several {
  const w = world();
  const limits = { ...w.provider.limits, maxInFlight: 10_000, maxEnqueuedTokens: 1e9 };
  const at = Object.fromEntries(
    names.map((name) => [name, fakeProvider(w.dependencies.clock.now, limits)]),
  );
  Object.assign(w.dependencies, { providers: fakeProviders(at) });
  return { w, at };
}

/** A call that takes so long. */
function takes(w: World, seconds: number): Promise<void> {
  return new Promise((resolve) => w.dependencies.clock.after(seconds * 1000, resolve));
}

/** Sweeps on virtual time. Gives how many seconds the sweep took. */
async function sweepTimed(w: World): Promise<number> {
  const { clock } = w.dependencies;
  const startedAt = clock.now();
  let isOver = false;
  const sweeping = w.sweep().finally(() => {
    isOver = true;
  });
  for (let quarters = 0; !isOver && quarters < 4 * 300; quarters++) {
    await turn();
    await turn();
    if (!isOver) w.advance(0.25);
  }
  if (!isOver) throw new Error('the sweep does not end');
  await sweeping;
  return (clock.now() - startedAt) / 1000;
}

function putRunningAt({ w, at }: Several, provider: string, count: number): void {
  for (let number = 0; number < count; number++) {
    const batchId = `${provider}-${String(number).padStart(4, '0')}`;
    const job = { id: `job_${batchId}`, submission: 1, submittedAt: NOW, acceptedAt: NOW };
    w.batches.put(
      aBatch({ batchId, provider, status: 'running', attempt: 1, job, dueAt: NOW - 1 }),
    );
    const listed = { id: job.id, key: 'key', batchId, createdAt: NOW, lines: [], cancelled: false };
    at[provider]?.jobs.push({ ...listed, state: { state: 'running' } });
  }
}

function putWaitingAt({ w }: Several, provider: string, batchId: string, also: object = {}): void {
  w.batches.put(
    aBatch({ batchId, provider, status: 'queued', createdAt: NOW, dueAt: undefined, ...also }),
  );
}

/** A batch whose create call was sent, and whose reply was lost. */
function putLostAt({ w, at }: Several, provider: string, batchId: string): void {
  const claim = { token: 't', intentAt: NOW - 1_200_000, leaseUntil: NOW - 1 };
  const batch = aBatch({ batchId, provider, status: 'submitting', claim, dueAt: NOW - 1 });
  w.batches.put(batch);
  const key = `${batch.keyPrefix}-1`;
  const job = { id: `job_${batchId}`, key, batchId, createdAt: NOW - 1_100_000, lines: [] };
  at[provider]?.jobs.push({ ...job, cancelled: false, state: { state: 'running' } });
}

function endJobs({ jobs }: FakeProvider | { jobs: FakeProvider['jobs'] }): void {
  for (const job of jobs)
    job.state = { state: 'ended', outcome: { kind: 'completed', jobId: job.id, files: [] } };
}

const statusesOf = (w: World, ...ids: readonly string[]) => ids.map((id) => w.batch(id).status);

/** What each kind of call that hangs is, by the provider whose calls it replaces. */
const HUNG: readonly (readonly [string, Partial<FakeProvider>])[] = [
  ['status checks', { check: hangs, async *listStates() {} }],
  ['cancels', { cancel: hangs }],
  ['deletions', { deleteFiles: hangs, deleteLeftovers: hangs }],
  [
    'listings of states',
    {
      async *listStates() {
        yield await hangs();
      },
    },
  ],
  [
    'listings for lost jobs',
    {
      async *listJobs() {
        yield await hangs();
      },
    },
  ],
];

describe('a provider that answers nothing', () => {
  it.each(HUNG)('to %s holds up no other provider', async (_, calls) => {
    const world = several('hung', 'good');
    const { w, at } = world;
    for (const name of ['hung', 'good']) {
      putRunningAt(world, name, 300);
      putLostAt(world, name, `${name}-lost`);
      putWaitingAt(world, name, `${name}-waits`);
      const ended = { status: 'completed', endEventSent: true, dueAt: NOW - 1 } as const;
      w.batches.put(
        aBatch({ ...ended, batchId: `${name}-ended`, provider: name, jobsToDelete: ['job_x'] }),
      );
    }
    await w.send({ action: 'cancel', batchId: 'hung-0000' });
    const deleted: string[] = [];
    if (at.good) {
      endJobs({ jobs: at.good.jobs.slice(0, 300) });
      at.good.deleteFiles = async (jobId) => void deleted.push(jobId);
    }
    Object.assign(at.hung ?? {}, calls);

    const seconds = await sweepTimed(w);

    expect(statusesOf(w, 'good-0000', 'good-0299', 'good-lost', 'good-waits')).toEqual([
      ...['collecting', 'collecting'],
      ...['running', 'submitting'],
    ]);
    expect(deleted).toContain('job_x');
    // Its own batches start as well: that needs no answer of it.
    expect(w.batch('hung-waits').status).toBe('submitting');
    // A minute of silence, and no more than the two minutes of its share.
    expect(seconds).toBeGreaterThanOrEqual(60);
    expect(seconds).toBeLessThanOrEqual(121);
  });

  it('is told of, and is called again in the next sweep', async () => {
    const world = several('hung', 'good');
    const { w, at } = world;
    putRunningAt(world, 'hung', 3);
    Object.assign(at.hung ?? {}, { check: hangs });

    await sweepTimed(w);

    expect(w.logged).toContainEqual(
      expect.stringMatching(/^provider left to the next sweep.*"hung".*answered nothing for 60 s/),
    );
    expect(w.metrics.get(METRICS.providersCutShort)).toBe(1);
    expect(w.metrics.get(METRICS.sweepsTruncated)).toBe(1);
    expect(w.metrics.get(METRICS.inFlight)).toBe(3);

    if (at.hung) {
      at.hung.check = async (jobId) => ({
        state: 'ended',
        outcome: { kind: 'completed', jobId, files: [] },
      });
    }
    await sweepTimed(w);
    expect(statusesOf(w, 'hung-0000', 'hung-0001', 'hung-0002')).toEqual(
      Array(3).fill('collecting'),
    );
  });

  it('while its secret is read holds up no other provider', async () => {
    const world = several('hung', 'good');
    const { w, at } = world;
    for (const name of ['hung', 'good']) putRunningAt(world, name, 5);
    if (at.good) endJobs(at.good);
    const { providers } = w.dependencies;
    const get: typeof providers.get = (name) => (name === 'hung' ? hangs() : providers.get(name));
    Object.assign(w.dependencies, { providers: { ...providers, get } });

    const seconds = await sweepTimed(w);

    expect(w.batch('good-0004').status).toBe('collecting');
    expect(seconds).toBeLessThanOrEqual(61);
  });

  it('does not make a sweep longer when there are five of them', async () => {
    const hung = ['h1', 'h2', 'h3', 'h4', 'h5'];
    const world = several(...hung, 'good');
    const { w, at } = world;
    for (const name of [...hung, 'good']) {
      putRunningAt(world, name, 200);
      putLostAt(world, name, `${name}-lost`);
      putWaitingAt(world, name, `${name}-waits`);
    }
    for (const name of hung)
      Object.assign(at[name] ?? {}, Object.assign({}, ...HUNG.map(([, c]) => c)));

    const seconds = await sweepTimed(w);

    expect(statusesOf(w, 'good-lost', 'good-waits')).toEqual(['running', 'submitting']);
    expect(statusesOf(w, ...hung.map((name) => `${name}-waits`))).toEqual(
      Array(5).fill('submitting'),
    );
    expect(seconds).toBeLessThanOrEqual(121);
  });

  it('has its answer dropped when that comes too late, and nothing written', async () => {
    const world = several('hung');
    const { w, at } = world;
    putRunningAt(world, 'hung', 1);
    let answer = () => {};
    if (at.hung) {
      at.hung.check = (jobId) =>
        new Promise((resolve) => {
          answer = () =>
            resolve({ state: 'ended', outcome: { kind: 'completed', jobId, files: [] } });
        });
    }
    await sweepTimed(w);
    const { version } = w.batch('hung-0000');

    answer();
    await turn();

    expect(w.batch('hung-0000')).toMatchObject({ status: 'running', version });
  });
});

describe('due batches that take two minutes to process', () => {
  /** Due batches whose work takes a minute to send, 100 at a time: 124 s in all. */
  function putSlowDue({ w }: Several): void {
    for (let number = 0; number < 200; number++)
      w.batches.put(aBatch({ batchId: `due-${number}`, status: 'inspecting', dueAt: NOW - 1 }));
    w.dependencies.queues.sendWork = async ({ action }) => {
      if (action === 'inspect') await takes(w, 62);
    };
  }

  it('leave a provider that answers all the time that it has for what follows', async () => {
    const world = several('good');
    const { w, at } = world;
    putLostAt(world, 'good', 'good-lost');
    putSlowDue(world);
    putRunningAt(world, 'good', 3);
    if (at.good) {
      const { check, listJobs } = at.good;
      at.good.check = async (jobId) => {
        await takes(w, 1);
        return check(jobId);
      };
      at.good.listJobs = async function* (...given) {
        await takes(w, 55);
        yield* listJobs(...given);
      };
    }

    await sweepTimed(w);

    expect(statusesOf(w, 'good-lost')).toEqual(['running']);
    expect(w.metrics.has(METRICS.providersCutShort)).toBe(false);
  });

  it('do not make a sweep longer for a provider that hangs meanwhile', async () => {
    const world = several('hung', 'good');
    const { w, at } = world;
    putSlowDue(world);
    for (const name of ['hung', 'good']) putRunningAt(world, name, 3);
    putWaitingAt(world, 'good', 'good-waits');
    Object.assign(at.hung ?? {}, { check: hangs });

    const seconds = await sweepTimed(w);

    expect(w.logged).toContainEqual(expect.stringMatching(/"hung".*answered nothing for 60 s/));
    expect(w.batch('good-waits').status).toBe('submitting');
    expect(seconds).toBeLessThanOrEqual(125);
  });
});

describe('a provider that is slow', () => {
  it('has each of its jobs checked in turn, in as many sweeps as it takes', async () => {
    const world = several('slow', 'good');
    const { w, at } = world;
    putRunningAt(world, 'slow', 1_000);
    putRunningAt(world, 'good', 1_000);
    putWaitingAt(world, 'good', 'good-waits');
    for (const provider of Object.values(at)) delete provider.listStates;
    const asked: string[] = [];
    if (at.slow) {
      at.slow.check = async (jobId) => {
        await takes(w, 25);
        asked.push(jobId);
        return { state: 'running' };
      };
    }
    if (at.good) endJobs(at.good);

    const seconds = await sweepTimed(w);

    // 50 lanes and 120 s for 25 s each.
    expect(asked).toHaveLength(200);
    expect(w.batches.all().filter(({ status }) => status === 'collecting')).toHaveLength(1_000);
    expect(w.batch('good-waits').status).toBe('submitting');
    expect(seconds).toBeLessThanOrEqual(121);

    for (let sweeps = 0; sweeps < 3; sweeps++) await sweepTimed(w);
    expect(new Set(asked).size).toBe(1_000);
  });

  it('and whose listing of states never ends is asked for each job', async () => {
    const world = several('slow');
    const { w, at } = world;
    putRunningAt(world, 'slow', 20);
    const asked: string[] = [];
    if (at.slow) {
      at.slow.listStates = async function* () {
        yield await hangs();
      };
      at.slow.check = async (jobId) => {
        asked.push(jobId);
        return { state: 'running' };
      };
    }

    await sweepTimed(w);

    expect(asked).toHaveLength(20);
    expect(w.metrics.has(METRICS.providersCutShort)).toBe(false);
  });

  it('and which never ends to list a part of them is asked for the jobs of that part', async () => {
    const world = several('slow');
    const { w, at } = world;
    Object.assign(w.dependencies, { policy: { ...w.dependencies.policy, listStreamJobs: 10 } });
    putRunningAt(world, 'slow', 40);
    const asked: string[] = [];
    if (at.slow) {
      const { jobs, listStates } = at.slow;
      const newestFirst = jobs.toReversed();
      at.slow.listStatesAfter = async function* (jobId) {
        const place = newestFirst.findIndex(({ id }) => id === jobId);
        // The third of four places: 10 jobs before the last place.
        if (place === 20) yield await hangs();
        for await (const listed of listStates?.() ?? [])
          if (newestFirst.findIndex(({ id }) => id === listed.jobId) > place) yield listed;
      };
      // By the times of their submission, the newest are the last.
      for (const [number, { batchId }] of jobs.entries()) {
        const batch = w.batch(batchId);
        if (batch.status !== 'running') continue;
        w.batches.put({ ...batch, job: { ...batch.job, submittedAt: NOW - 100 + number } });
      }
      at.slow.check = async (jobId) => {
        asked.push(jobId);
        return { state: 'running' };
      };
    }

    const seconds = await sweepTimed(w);

    expect(asked.sort()).toEqual(
      at.slow?.jobs
        .slice(9, 19)
        .map(({ id }) => id)
        .sort(),
    );
    expect(seconds).toBeLessThanOrEqual(61);
    expect(w.batches.all().every(({ status }) => status === 'running')).toBe(true);
  });
});

/** Lists 300 pages of 10 jobs of others, the looked-for one on the last page, a page each second. */
function listsSlowly({ w }: Several, provider: FakeProvider | undefined, pages = 300): string[] {
  const read: string[] = [];
  if (!provider) return read;
  provider.listJobs = async function* (since, position = {}) {
    for (let page = Number(position.cursor ?? 0); page < pages; page++) {
      position.cursor = page === 0 ? undefined : String(page);
      await takes(w, 1);
      read.push(`page ${page}`);
      for (let entry = 0; entry < 10; entry++)
        yield { id: `other-${page}-${entry}`, key: undefined, createdAt: since + 1 };
    }
    for (const { id, key, createdAt } of provider.jobs) yield { id, key, createdAt };
  };
  return read;
}

describe('a listing for lost jobs of 300 pages that take a second each', () => {
  it('is read once, over three sweeps, and holds up nobody', async () => {
    const world = several('slow', 'good');
    const { w, at } = world;
    for (const name of ['slow', 'good']) {
      putLostAt(world, name, `${name}-lost`);
      putWaitingAt(world, name, `${name}-waits`);
    }
    const read = listsSlowly(world, at.slow);

    const seconds = await sweepTimed(w);

    expect(statusesOf(w, 'good-lost', 'good-waits', 'slow-waits')).toEqual([
      ...['running', 'submitting', 'submitting'],
    ]);
    expect(seconds).toBeLessThanOrEqual(121);
    await sweepTimed(w);
    expect(w.batch('slow-lost').status).toBe('submitting');
    await sweepTimed(w);
    expect(w.batch('slow-lost')).toMatchObject({ status: 'running', job: { id: 'job_slow-lost' } });
    expect(new Set(read).size).toBe(300);
    // The two pages at which it was broken off are read again.
    expect(read.length).toBeLessThanOrEqual(304);
  });

  it('proves that no job exists when it has come to its end', async () => {
    const world = several('slow');
    const { w, at } = world;
    putLostAt(world, 'slow', 'lost');
    at.slow?.jobs.splice(0);
    listsSlowly(world, at.slow);

    for (let sweeps = 0; sweeps < 3; sweeps++) {
      expect(w.batch('lost')).toMatchObject({ status: 'submitting', claim: { token: 't' } });
      await sweepTimed(w);
    }

    expect(w.batch('lost').claim).toBeUndefined();
  });

  it('proves nothing of a claim whose lease was not over when it began', async () => {
    const world = several('slow');
    const { w, at } = world;
    putLostAt(world, 'slow', 'lost');
    putLostAt(world, 'slow', 'later');
    const later = w.batch('later') as never as { claim: object };
    const claim = { ...later.claim, leaseUntil: NOW + 60_000 } as never;
    w.batches.put(aBatch({ ...(later as object), claim, dueAt: NOW + 60_000 } as never));
    at.slow?.jobs.splice(0);
    listsSlowly(world, at.slow);

    for (let sweeps = 0; sweeps < 3; sweeps++) await sweepTimed(w);

    expect(w.batch('lost').claim).toBeUndefined();
    expect(w.batch('later').claim).toMatchObject({ token: 't' });
    for (let sweeps = 0; sweeps < 3; sweeps++) await sweepTimed(w);
    expect(w.batch('later').claim).toBeUndefined();
  });

  it('starts again after an hour, and when a page fails', async () => {
    const world = several('slow');
    const { w, at } = world;
    putLostAt(world, 'slow', 'lost');
    const read = listsSlowly(world, at.slow);
    await sweepTimed(w);
    w.advance(3_600);
    read.splice(0);
    await sweepTimed(w);
    expect(read[0]).toBe('page 0');

    const { listJobs } = at.slow ?? {};
    if (at.slow) {
      at.slow.listJobs = async function* () {
        yield await Promise.reject(new Error('the cursor is not known'));
      };
    }
    await sweepTimed(w);
    if (at.slow && listJobs) at.slow.listJobs = listJobs;
    read.splice(0);
    w.advance(240);
    await sweepTimed(w);
    expect(read[0]).toBe('page 0');
  });
});
