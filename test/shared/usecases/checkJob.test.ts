import { beforeEach, describe, expect, it } from 'vitest';
import { ProviderError } from '../../../shared/batch/errors.ts';
import { submissionKey } from '../../../shared/batch/ids.ts';
import type { JobState } from '../../../shared/batch/job.ts';
import type { Batch, BatchIn } from '../../../shared/batch/record.ts';
import { METRICS } from '../../../shared/metrics.ts';
import { checkJob } from '../../../shared/usecases/sweep/check.ts';
import { type World, world } from '../../support/world.ts';
import { noteChecks, putRunning } from './sweep/running.ts';

const ENDED: JobState = {
  state: 'ended',
  outcome: { kind: 'completed', jobId: 'job_0', files: ['output'] },
};
const HINT = { provider: 'openai', jobId: 'job_0' };

let w: World;
let writes: Batch[];

beforeEach(() => {
  w = world();
  putRunning(w, 2);
  writes = [];
  const { replace } = w.batches;
  w.batches.replace = async (batch) => {
    writes.push(batch);
    return replace(batch);
  };
});

function running(batchId: string): BatchIn<'running'> {
  const batch = w.batch(batchId);
  if (batch.status !== 'running') throw new Error(`${batchId} is ${batch.status}`);
  return batch;
}

/** The first job, as a URL that it was created with names it. */
function byKey(changes: { provider?: string; batchId?: string; submissionKey?: string } = {}) {
  const key = submissionKey(running('b0'));
  return { provider: 'openai', batchId: 'b0', submissionKey: key, ...changes };
}

function end(jobId: string): void {
  const job = w.provider.jobs.find(({ id }) => id === jobId);
  if (!job) throw new Error(`no ${jobId}`);
  job.state = ENDED;
}

describe('a job whose provider reports its end', () => {
  it('is checked at once, and no other job, and its batch continues', async () => {
    end('job_0');
    const asked = noteChecks(w);

    expect(await checkJob(w.dependencies, HINT)).toBe(true);

    expect(asked).toEqual(['b0']);
    expect(w.batch('b0').status).toBe('collecting');
    expect(w.workQueue).toEqual([{ action: 'collect', batchId: 'b0' }]);
    expect(w.batch('b1').status).toBe('running');
    expect(w.metrics.get(METRICS.earlyChecks)).toBe(1);
  });

  it('but that still runs is left to the sweep', async () => {
    expect(await checkJob(w.dependencies, HINT)).toBe(true);

    expect(writes).toEqual([]);
    expect(w.workQueue).toEqual([]);
  });

  it('twice, or after a sweep has checked it, is collected once', async () => {
    end('job_0');

    await w.sweep();
    await checkJob(w.dependencies, HINT);
    await checkJob(w.dependencies, HINT);

    expect(w.workQueue).toEqual([{ action: 'collect', batchId: 'b0' }]);
  });

  it('while a sweep checks it is collected once', async () => {
    end('job_0');

    await Promise.all([w.sweep(), checkJob(w.dependencies, HINT), checkJob(w.dependencies, HINT)]);

    expect(w.workQueue).toEqual([{ action: 'collect', batchId: 'b0' }]);
    expect(w.announced.filter(({ to }) => to === 'collecting')).toHaveLength(1);
  });

  it('is found by its batch and its submission key, too, without the index', async () => {
    end('job_0');
    w.batches.listActive = async () => {
      throw new Error('the index was read');
    };

    expect(await checkJob(w.dependencies, byKey())).toBe(true);

    expect(w.batch('b0').status).toBe('collecting');
  });

  it.each<[string, () => Parameters<typeof checkJob>[1]]>([
    ['nobody’s', () => ({ provider: 'openai', jobId: 'job_9' })],
    ['one of another entry', () => ({ provider: 'other', jobId: 'job_0' })],
    ['of a batch that there is not', () => byKey({ batchId: 'b9' })],
    ['the batch’s at another entry', () => byKey({ provider: 'other' })],
    ['an earlier one of its batch', () => byKey({ submissionKey: `${running('b0').keyPrefix}-9` })],
  ])('and is %s is not checked', async (_what, hint) => {
    const asked = noteChecks(w);

    expect(await checkJob(w.dependencies, hint())).toBe(false);

    expect(asked).toEqual([]);
    expect(writes).toEqual([]);
  });

  it('but that the record no longer names is not checked, whatever the index shows', async () => {
    const job = { id: 'job_new', submission: 2, submittedAt: 0 };
    w.batches.put({ ...running('b0'), job });
    const listActive = w.batches.listActive;
    w.batches.listActive = async (provider, cursor) => {
      const page = await listActive(provider, cursor);
      const stale = page.items.map((hint) =>
        hint.batchId === 'b0' ? { ...hint, jobId: 'job_0' } : hint,
      );
      return { ...page, items: stale };
    };
    const asked = noteChecks(w);

    expect(await checkJob(w.dependencies, HINT)).toBe(false);
    expect(asked).toEqual([]);
  });

  it('is not checked while the provider is blocked', async () => {
    await w.dependencies.providerStates.replace({
      schemaVersion: 1,
      provider: 'openai',
      version: 1,
      hold: { kind: 'account', until: Number.POSITIVE_INFINITY, refusals: 1, reason: REASON },
    });
    const asked = noteChecks(w);

    await checkJob(w.dependencies, HINT);

    expect(asked).toEqual([]);
  });

  it('blocks the provider if it refuses our account', async () => {
    w.provider.check = async () => {
      throw new ProviderError('account', REASON);
    };

    await checkJob(w.dependencies, HINT);

    expect(w.states.get('openai')?.hold).toMatchObject({ kind: 'account' });
    expect(writes).toEqual([]);
  });

  it('is searched for in a limited number of pages', async () => {
    let read = 0;
    w.batches.listActive = async () => {
      read += 1;
      return { items: [], cursor: 'more' };
    };

    expect(await checkJob(w.dependencies, HINT)).toBe(false);
    expect(read).toBe(20);
  });
});

it('a job that is seen accepted for the first time raises the learned limit', async () => {
  const { acceptedAt: _, ...job } = running('b0').job;
  w.batches.put({ ...running('b0'), job });

  await checkJob(w.dependencies, HINT);

  expect(w.batch('b0').job?.acceptedAt).toBeDefined();
  expect(w.states.get('openai')?.ceilings).toBeDefined();
});

const REASON = { code: 'invalid_api_key', message: 'wrong key' };
