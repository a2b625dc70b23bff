import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../../../shared/batch/errors.ts';
import type { JobState } from '../../../../shared/batch/job.ts';
import { DEFAULT_POLICY } from '../../../../shared/batch/policy.ts';
import type { ListedState } from '../../../../shared/providers/provider.ts';
import { listStates } from '../../../../shared/usecases/sweep/jobStates.ts';
import type { RunningHint } from '../../../../shared/usecases/sweep/running.ts';
import { world } from '../../../support/world.ts';

/** Such as a limit of calls that was met. */
const PASSING = new ProviderError('transient', { code: 'rate_limit_exceeded', message: '429' });
const RUNNING: JobState = { state: 'running' };
const ENDED: JobState = { state: 'ended', outcome: { kind: 'completed', files: [] } };

/** What a service does with a cursor that its list does not have. */
type Unknown = 'fails' | 'is empty' | 'starts again';

interface Account {
  /** The newest first. */
  readonly listed: { readonly id: string; readonly state: JobState }[];
  readonly pageSize: number;
  readonly onUnknown: Unknown;
  /** Called with the number of each page before it is read. */
  onPage(number: number): void;
}

/** A provider with this account, and how many entries and pages it has shown. */
function providerOf(account: Account) {
  const shown = { entries: 0, pages: 0, begun: 0 };
  async function* from(after: string | undefined): AsyncGenerator<ListedState> {
    const { listed, pageSize, onUnknown } = account;
    let cursor = after;
    shown.begun += 1;
    while (true) {
      await Promise.resolve();
      account.onPage(shown.pages++);
      const place = listed.findIndex(({ id }) => id === cursor);
      if (cursor !== undefined && place < 0) {
        if (onUnknown === 'fails') throw new Error('no such batch');
        if (onUnknown === 'is empty') return;
      }
      const page = listed.slice(place + 1, place + 1 + pageSize);
      for (const { id, state } of page) {
        shown.entries += 1;
        yield { jobId: id, state };
      }
      if (page.length < pageSize) return;
      cursor = page.at(-1)?.id;
    }
  }
  const provider = { listStates: () => from(undefined), listStatesAfter: from };
  return { provider, shown };
}

function statesOf(provider: object, jobs: readonly RunningHint[], listStreamJobs: number) {
  const w = world({ ...DEFAULT_POLICY, listStreamJobs });
  Object.assign(w.provider, provider);
  return listStates(w.dependencies, 'openai', jobs);
}

/** The job of a batch as the index shows it. */
function hint(jobId: string, submittedAt: number): RunningHint {
  const facts = { deadlineAt: 1e15, completionWindow: undefined, job: { id: jobId, submittedAt } };
  return { batchId: `of-${jobId}`, jobId, facts };
}

/** Our jobs by whether they run, and when they were submitted by our clock, which need not agree. */
const ours = fc.array(
  fc.record({ isRunning: fc.boolean(), submittedAt: fc.integer({ min: 0, max: 50 }) }),
  { minLength: 10, maxLength: 60 },
);

const setup = fc.record({
  ours,
  pageSize: fc.integer({ min: 1, max: 9 }),
  listStreamJobs: fc.integer({ min: 2, max: 20 }),
  onUnknown: fc.constantFrom<Unknown>('fails', 'is empty', 'starts again'),
});

describe('a list that is read in several streams', () => {
  it('shows every running job, whatever its order is', async () => {
    await fc.assert(
      fc.asyncProperty(setup, async ({ ours, listStreamJobs, ...service }) => {
        const listed = ours.map(({ isRunning }, index) => ({
          id: `j${index}`,
          state: isRunning ? RUNNING : ENDED,
        }));
        const jobs = ours.map(({ submittedAt }, index) => hint(`j${index}`, submittedAt));
        const { provider, shown } = providerOf({ ...service, listed, onPage: () => {} });

        const states = await statesOf(provider, jobs, listStreamJobs);

        const running = listed.filter(({ state }) => state === RUNNING).map(({ id }) => id);
        expect([...states.keys()].sort()).toEqual(running.sort());
        // No part is read twice: at most the page that a stream has begun to read is too much.
        expect(shown.entries).toBe(listed.length);
      }),
    );
  });

  it('shows every running job, too, if each stream fails once in passing, and goes on alone', async () => {
    const failing = fc.uniqueArray(fc.integer({ min: 1, max: 15 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(setup, failing, async ({ ours, listStreamJobs, ...service }, places) => {
        const listed = ours.map((_, index) => ({ id: `j${index}`, state: RUNNING }));
        const jobs = ours.map(({ submittedAt }, index) => hint(`j${index}`, submittedAt));
        const { provider } = providerOf({ ...service, listed, onPage: () => {} });
        let begun = 0;
        const listStatesAfter = async function* (jobId: string) {
          const isFirst = ++begun < Math.floor(jobs.length / listStreamJobs);
          let left = (isFirst ? places[begun] : undefined) ?? Number.POSITIVE_INFINITY;
          for await (const state of provider.listStatesAfter(jobId)) {
            if (left-- === 0) throw PASSING;
            yield state;
          }
        };

        const states = await statesOf({ ...provider, listStatesAfter }, jobs, listStreamJobs);

        expect(states.size).toBe(listed.length);
      }),
    );
  });

  it('does not go on with one that the provider has refused', async () => {
    const listed = Array.from({ length: 40 }, (_, index) => ({ id: `j${index}`, state: RUNNING }));
    const jobs = listed.map(({ id }, index) => hint(id, 100 - index));
    const account = { listed, pageSize: 2, onUnknown: 'fails' as const, onPage: () => {} };
    const { provider } = providerOf(account);
    let begun = 0;
    const listStatesAfter = async function* (jobId: string) {
      begun += 1;
      for await (const listed of provider.listStatesAfter(jobId)) {
        yield listed;
        throw new ProviderError('account', { code: 'invalid_api_key', message: 'no' });
      }
    };

    const states = await statesOf({ ...provider, listStatesAfter }, jobs, 10);

    expect(begun).toBe(3);
    expect(states.size).toBe(11 + 3);
  });

  it('shows nothing that it has not seen, while jobs come and go and calls fail', async () => {
    const changes = fc.array(
      fc.record({
        page: fc.integer({ min: 0, max: 30 }),
        what: fc.constantFrom('created', 'deleted', 'ended', 'fails'),
        place: fc.nat(59),
      }),
      { maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(setup, changes, async ({ ours, listStreamJobs, ...service }, events) => {
        const listed = ours.map(({ isRunning }, index) => ({
          id: `j${index}`,
          state: isRunning ? RUNNING : ENDED,
        }));
        const jobs = ours.map(({ submittedAt }, index) => hint(`j${index}`, submittedAt));
        const ran = new Set(listed.filter(({ state }) => state === RUNNING).map(({ id }) => id));
        let created = 0;
        const { provider, shown } = providerOf({
          ...service,
          listed,
          onPage(number) {
            for (const { page, what, place } of events) {
              if (page !== number) continue;
              if (what === 'fails') throw PASSING;
              if (what === 'created') listed.unshift({ id: `new${created++}`, state: RUNNING });
              if (what === 'deleted') listed.splice(place % listed.length, 1);
              if (what === 'ended')
                for (const job of listed.splice(place, 1))
                  listed.splice(place, 0, { ...job, state: ENDED });
            }
          },
        });

        const states = await statesOf(provider, jobs, listStreamJobs);

        for (const [jobId, state] of states) {
          expect(state).toBe(RUNNING);
          expect(ran).toContain(jobId);
        }
        // However the service answers, the calls have an end.
        expect(shown.pages).toBeLessThanOrEqual(16 * (jobs.length + 20));
        expect(shown.begun).toBeLessThanOrEqual(2 * 16);
      }),
    );
  });

  it('shows the part of a stream that could not begin, if the one before has not passed it', async () => {
    const listed = Array.from({ length: 40 }, (_, index) => ({ id: `j${index}`, state: RUNNING }));
    const jobs = listed.map(({ id }, index) => hint(id, 100 - index));
    const account = { listed, pageSize: 2, onUnknown: 'fails' as const, onPage: () => {} };
    const { provider } = providerOf(account);
    const listStatesAfter = async function* () {
      yield* [];
      throw new Error('unknown cursor');
    };

    const states = await statesOf({ ...provider, listStatesAfter }, jobs, 10);

    expect(states.size).toBe(40);
  });

  it("skips what is long and others', as the jobs of a shard are runs among those of the others", async () => {
    // 40 windows of 500 jobs, of which every tenth is ours: 2,000 of 20,000.
    const all = Array.from({ length: 20_000 }, (_, index) => ({ id: `j${index}`, state: RUNNING }));
    const isOurs = (index: number) => Math.floor(index / 500) % 10 === 3;
    const jobs = all.flatMap(({ id }, index) => (isOurs(index) ? hint(id, 1e6 - index) : []));
    const account = { listed: all, pageSize: 100, onUnknown: 'fails' as const, onPage: () => {} };
    const { provider, shown } = providerOf(account);

    const states = await statesOf(provider, jobs, 250);

    // The first job of a run is where its reading begins, so that it is not shown.
    expect(jobs.length - states.size).toBeLessThanOrEqual(8);
    // 20 pages are ours, and 200 are there.
    expect(shown.pages).toBeLessThanOrEqual(20 + 8 + 4 * 4);
  });

  it('gives up where single checks are as cheap', async () => {
    const all = Array.from({ length: 20_000 }, (_, index) => ({ id: `j${index}`, state: RUNNING }));
    const jobs = all.flatMap(({ id }, index) => (index % 100 === 50 ? hint(id, 1e6 - index) : []));
    const account = { listed: all, pageSize: 100, onUnknown: 'fails' as const, onPage: () => {} };
    const { provider, shown } = providerOf(account);

    await statesOf(provider, jobs, 50);

    expect(shown.pages).toBeLessThanOrEqual(12);
  });

  it('begins at one place if the jobs are few, or the provider has no other', async () => {
    const listed = Array.from({ length: 40 }, (_, index) => ({ id: `j${index}`, state: RUNNING }));
    const jobs = listed.map(({ id }, index) => hint(id, 100 - index));
    const account = { listed, pageSize: 10, onUnknown: 'fails' as const, onPage: () => {} };
    const few = providerOf(account);
    expect((await statesOf(few.provider, jobs, 21)).size).toBe(40);
    const opaque = providerOf(account);
    const one = { listStates: opaque.provider.listStates, listStatesAfter: undefined };
    expect((await statesOf(one, jobs, 2)).size).toBe(40);
    expect([few.shown.begun, opaque.shown.begun]).toEqual([1, 1]);
  });

  it('begins at no more than 16 places, which divide our jobs evenly', async () => {
    const listed = Array.from({ length: 320 }, (_, index) => ({ id: `j${index}`, state: RUNNING }));
    const jobs = listed.map(({ id }, index) => hint(id, 1_000 - index));
    const account = { listed, pageSize: 10, onUnknown: 'fails' as const, onPage: () => {} };
    const { provider, shown } = providerOf(account);
    const began: (string | undefined)[] = [];
    const listStatesAfter = (jobId: string) => {
      began.push(jobId);
      return provider.listStatesAfter(jobId);
    };

    expect((await statesOf({ ...provider, listStatesAfter }, jobs, 2)).size).toBe(320);

    expect(shown.begun).toBe(16);
    expect(began).toEqual(Array.from({ length: 15 }, (_, index) => `j${(index + 1) * 20}`));
  });
});
