import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../../shared/batch/errors.ts';
import { awaitsInputExpiry } from '../../../shared/batch/lifecycle/ended.ts';
import { RATE_LIMITED, SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { DEFAULT_POLICY, world } from '../../support/harness.ts';
import type { World } from '../../support/world.ts';

const OFF = { ...DEFAULT_POLICY, cleanUpFiles: false };
const transient = () => new ProviderError('transient', { code: 'e', message: 'no' });

async function running(w: World): Promise<void> {
  await w.add('b1', ['a', 'b']);
  await w.workAll();
  await w.sweep();
  await w.workAll();
}

/** Lets the job end, and the sweeper see it. */
async function ended(w: World, row: object = SUCCESS): Promise<void> {
  const job = w.provider.jobs.at(-1);
  if (!job) throw new Error('no job was created');
  w.provider.end(job, { kind: 'completed' }, () => row);
  await w.sweep();
}

const filesOf = ({ provider: { uploads, rows } }: World) => [...uploads.keys(), ...rows.keys()];

describe("a job's files at the provider", () => {
  it('are deleted as soon as its rows are in the bucket, and not before', async () => {
    const w = world();
    await running(w);
    await ended(w);
    expect(filesOf(w)).toEqual(['job_1', 'file_of_job_1']);
    await w.workAll();
    expect(w.batch('b1')).toMatchObject({ status: 'delivering', jobsToDelete: [] });
    expect(filesOf(w)).toEqual([]);
  });

  it('are deleted between two attempts without delaying the next one', async () => {
    const w = world();
    await running(w);
    await ended(w, RATE_LIMITED);
    await w.workAll();
    expect(filesOf(w)).toEqual([]);
    expect(w.batch('b1')).toMatchObject({ status: 'retrying', jobsToDelete: ['job_1'] });
    const message = w.batchQueue.pop();
    await w.send(message?.body);
    expect(w.batch('b1').status).toBe('queued');
  });

  it('are deleted when it was refused without output', async () => {
    const w = world();
    await running(w);
    const [job] = w.provider.jobs;
    if (job) w.provider.end(job, { kind: 'failed', refusal: 'quota' }, () => undefined);
    await w.sweep();
    expect(w.batch('b1')).toMatchObject({ submission: 2, jobsToDelete: [] });
    expect(w.provider.uploads.size).toBe(0);
  });

  it('are deleted by a sweep after the end of the batch if the worker failed to', async () => {
    const w = world();
    await running(w);
    await ended(w);
    w.provider.deleteFailure = transient();
    await w.workAll();
    await w.settle();
    expect(w.batch('b1')).toMatchObject({ status: 'completed', jobsToDelete: ['job_1'] });
    await w.sweep();
    expect(filesOf(w)).toHaveLength(2);
    w.provider.deleteFailure = undefined;
    await w.sweep();
    // It waits out its backoff first.
    expect(filesOf(w)).toHaveLength(2);
    w.advance(120);
    await w.sweep();
    expect(filesOf(w)).toEqual([]);
    expect(w.batch('b1').jobsToDelete).toEqual([]);
    expect(awaitsInputExpiry(w.batch('b1'))).toBe(true);
    expect(w.announced.filter(({ to }) => to === 'completed')).toHaveLength(1);
  });

  it('are left and reported when they cannot be deleted for a long time', async () => {
    const w = world();
    await running(w);
    await ended(w);
    w.provider.deleteFailure = transient();
    await w.workAll();
    await w.settle();
    w.advance(DEFAULT_POLICY.maxAgeSeconds + 25 * 3600);
    await w.sweep();
    expect(awaitsInputExpiry(w.batch('b1'))).toBe(true);
    expect(w.metrics.get('ProviderFilesLeft')).toBe(1);
  });

  it('are not deleted while the provider is blocked, and block it if it refuses the deletion', async () => {
    const w = world();
    await running(w);
    await ended(w);
    w.provider.deleteFailure = new ProviderError('account', { code: 'e', message: 'no' });
    await w.workAll();
    expect(w.states.get('openai')?.hold?.kind).toBe('account');
    w.provider.deleteFailure = new Error('must not be called');
    await w.settle();
    await w.sweep();
    expect(w.logged.filter((line) => line.includes('must not be called'))).toEqual([]);
    w.provider.deleteFailure = undefined;
    w.advance(3600);
    await w.sweep();
    expect(filesOf(w)).toEqual([]);
  });

  it('are kept if the policy says so', async () => {
    const w = world(OFF);
    w.provider.onSubmit = () => {
      w.provider.onSubmit = () => {};
      throw transient();
    };
    await running(w);
    await w.send(w.batchQueue.pop()?.body);
    await w.sweep();
    await w.workAll();
    await ended(w);
    await w.workAll();
    await w.settle();
    await w.sweep();
    expect(filesOf(w)).toHaveLength(3);
    expect(w.batch('b1')).toMatchObject({ status: 'completed', jobsToDelete: [] });
    expect(awaitsInputExpiry(w.batch('b1'))).toBe(true);
  });
});

describe('an upload that belongs to no job', () => {
  it('is deleted at the end of the batch, by the keys of that batch only', async () => {
    const w = world();
    w.provider.onSubmit = () => {
      w.provider.onSubmit = () => {};
      throw transient();
    };
    w.provider.uploads.set('foreign', 'bhothers-1');
    await running(w);
    expect(w.batch('b1')).toMatchObject({ status: 'retrying', leftovers: 1 });
    await w.send(w.batchQueue.pop()?.body);
    await w.sweep();
    await w.workAll();
    await ended(w);
    await w.workAll();
    expect(w.provider.uploads.size).toBe(2);
    await w.settle();
    await w.sweep();
    expect(filesOf(w)).toEqual(['foreign']);
    expect(w.batch('b1').leftovers).toBeUndefined();
    expect(awaitsInputExpiry(w.batch('b1'))).toBe(true);
  });
});
