import { describe, expect, it } from 'vitest';
import { ProviderError, type ProviderErrorKind } from '../../../../shared/batch/errors.ts';
import type { JobState } from '../../../../shared/batch/job.ts';
import { batchSchema } from '../../../../shared/batch/record.ts';
import { METRICS } from '../../../../shared/metrics.ts';
import { SUCCESS } from '../../../support/fakes/fakeProvider.ts';
import { NOW } from '../../../support/given.ts';
import { type World, world } from '../../../support/world.ts';
import { addJob, asEarlierVersions, names, noteChecks, putRunning } from './running.ts';

function running(count: number): World {
  const w = world();
  putRunning(w, count);
  return w;
}

/** How many jobs the listing told of, and how often it was asked for. */
function noteListings(w: World): { begun: number; told: number } {
  const seen = { begun: 0, told: 0 };
  const { listStates } = w.provider;
  w.provider.listStates = async function* () {
    seen.begun += 1;
    for await (const listed of listStates?.() ?? []) {
      seen.told += 1;
      yield listed;
    }
  };
  return seen;
}

/** The batches whose records were read. */
function noteReads(w: World): string[] {
  const read: string[] = [];
  const { get, getMany } = w.batches;
  w.batches.get = async (batchId) => {
    read.push(batchId);
    return get(batchId);
  };
  w.batches.getMany = async (ids) => {
    read.push(...ids);
    return getMany(ids);
  };
  return read;
}

function setState(w: World, jobId: string, state: JobState): void {
  for (const job of w.provider.jobs) if (job.id === jobId) job.state = state;
}

function failure(kind: ProviderErrorKind): ProviderError {
  return new ProviderError(kind, { code: kind, message: 'refused' });
}

describe('running jobs', () => {
  it('are checked by one listing for all of them', async () => {
    const w = running(1_000);
    const [asked, listings] = [noteChecks(w), noteListings(w)];

    await w.sweep();

    expect(asked).toEqual([]);
    expect(listings).toEqual({ begun: 1, told: 1_000 });
  });

  it('have the progress recorded that the listing shows', async () => {
    const w = running(20);
    setState(w, 'job_3', { state: 'running', progress: 7 });
    w.advance(10 * 3_600);
    noteChecks(w);

    await w.sweep();

    expect(w.batch('b3').job).toMatchObject({ progress: 7, progressAt: NOW + 36_000_000 });
    expect(w.batch('b4').job?.progress).toBeUndefined();
  });

  it('cost no read of their records while nothing changes, and one where something does', async () => {
    const w = running(1_000);
    const read = noteReads(w);

    await w.sweep();
    expect(read).toEqual([]);

    setState(w, 'job_3', { state: 'running', progress: 7 });
    const [first] = w.provider.jobs;
    if (first) w.provider.end(first, { kind: 'completed' }, () => SUCCESS);
    w.advance(10 * 3_600);
    await w.sweep();

    expect(read).toEqual(['b0', 'b3']);
    expect(w.batch('b0').status).toBe('collecting');
    expect(w.batch('b3').job?.progress).toBe(7);
  });

  it('are read where the index is of an earlier version', async () => {
    const w = running(1_000);
    asEarlierVersions(w);
    const read = noteReads(w);

    await w.sweep();

    expect(read).toHaveLength(1_000);
  });

  it('are cancelled at their deadline, although they are listed as running', async () => {
    const w = running(20);
    const deadlineAt = NOW + 60_000;
    w.batches.put({ ...w.batch('b3'), deadlineAt });
    await w.sweep();
    w.advance(60);

    await w.sweep();

    const cancelled = w.provider.jobs.filter((job) => job.cancelled);
    expect(cancelled.map(({ id }) => id)).toEqual(['job_3']);
  });

  it('are cancelled by a user in the next sweep that sees it in the index', async () => {
    const w = running(20);
    const { listActive } = w.batches;
    const before = await listActive('openai');
    w.batches.put({ ...w.batch('b3'), cancelRequested: true });
    w.batches.listActive = async () => before;

    await w.sweep();
    expect(w.provider.jobs.some((job) => job.cancelled)).toBe(false);

    w.batches.listActive = listActive;
    await w.sweep();
    expect(w.provider.jobs.filter((job) => job.cancelled).map(({ id }) => id)).toEqual(['job_3']);
  });

  it('are left alone if the index still shows a job that the record names no more', async () => {
    const w = running(20);
    const { listActive } = w.batches;
    const before = await listActive('openai');
    w.batches.listActive = async () => before;
    const next = { id: 'job_19', submission: 2, submittedAt: NOW };
    w.batches.put(batchSchema.parse({ ...w.batch('b3'), job: next, submission: 2 }));
    const old = w.provider.jobs.find(({ id }) => id === 'job_3');
    if (old) w.provider.end(old, { kind: 'completed' }, () => SUCCESS);

    await w.sweep();

    expect(w.batch('b3')).toMatchObject({ status: 'running', job: next });
  });

  it('are checked one by one where they are few', async () => {
    const w = running(9);
    const [asked, listings] = [noteChecks(w), noteListings(w)];

    await w.sweep();

    expect(asked).toEqual(names(0, 9));
    expect(listings.begun).toBe(0);
  });

  it('are checked one by one where the provider has no listing of states', async () => {
    const w = running(20);
    delete w.provider.listStates;
    const asked = noteChecks(w);

    await w.sweep();

    expect(asked).toEqual(names(0, 20));
  });

  it('are checked one by one where they are rare among the jobs of others', async () => {
    const w = running(20);
    for (let number = 0; number < 1_000; number++) addJob(w, `other_${number}`, 'other');
    const [asked, listings] = [noteChecks(w), noteListings(w)];

    await w.sweep();

    expect(asked).toEqual(names(0, 20));
    expect(listings.told).toBe(100);
  });

  it('are found behind others as long as that saves calls', async () => {
    const w = world();
    for (let number = 0; number < 50; number++) addJob(w, `older_${number}`, 'other');
    putRunning(w, 20);
    for (let number = 0; number < 99; number++) addJob(w, `newer_${number}`, 'other');
    const [asked, listings] = [noteChecks(w), noteListings(w)];

    await w.sweep();

    expect(asked).toEqual([]);
    expect(listings.told).toBe(119);
  });
});

describe('a job is checked by itself', () => {
  it('when the listing does not show it, which proves nothing', async () => {
    const w = running(20);
    const { listStates } = w.provider;
    w.provider.listStates = async function* () {
      for await (const listed of listStates?.() ?? []) if (listed.jobId !== 'job_5') yield listed;
    };
    const asked = noteChecks(w);

    await w.sweep();

    expect(asked).toEqual(['b5']);
    expect(w.batch('b5').status).toBe('running');
  });

  it('when the listing shows its end or an unknown status', async () => {
    const w = running(20);
    const [first] = w.provider.jobs;
    if (first) w.provider.end(first, { kind: 'completed' }, () => SUCCESS);
    setState(w, 'job_2', { state: 'unknown', status: 'dreaming' });
    const asked = noteChecks(w);

    await w.sweep();

    expect(asked).toEqual(['b0', 'b2']);
    expect(w.batch('b0').status).toBe('collecting');
    expect(w.metrics.get(METRICS.unknownStatus)).toBe(1);
  });

  it.each(['transient', 'account', 'missing'] as const)(
    'when the listing failed (%s) before it showed the job',
    async (kind) => {
      const w = running(20);
      const { listStates } = w.provider;
      w.provider.listStates = async function* () {
        for await (const listed of listStates?.() ?? []) {
          if (listed.jobId === 'job_9') throw failure(kind);
          yield listed;
        }
      };
      const asked = noteChecks(w);

      await w.sweep();

      // The newest came first.
      expect(asked).toEqual(names(0, 10));
      expect(w.batches.all().every(({ status }) => status === 'running')).toBe(true);
    },
  );
});

describe('a provider that refuses our account', () => {
  it('is neither listed nor asked while it is blocked', async () => {
    const w = running(20);
    const until = NOW + 60_000;
    const hold = { kind: 'account', reason: { code: 'c', message: 'm' }, until, refusals: 1 };
    w.states.set('openai', { schemaVersion: 1, provider: 'openai', version: 1, hold } as never);
    const [asked, listings] = [noteChecks(w), noteListings(w)];

    await w.sweep();
    expect([asked.length, listings.begun]).toEqual([0, 0]);

    w.advance(60);
    await w.sweep();
    expect([asked.length, listings.begun]).toEqual([0, 1]);
  });

  it('gets no more calls in the sweep in which it refuses', async () => {
    const w = running(1_000);
    delete w.provider.listStates;
    const asked = noteChecks(w, async () => {
      throw failure('account');
    });

    await w.sweep();

    expect(asked.length).toBeGreaterThan(0);
    expect(asked.length).toBeLessThanOrEqual(100);
    expect(w.states.get('openai')?.hold).toMatchObject({ kind: 'account', refusals: 1 });
    expect(w.metrics.get(METRICS.sweepErrors)).toBeUndefined();
  });
});
