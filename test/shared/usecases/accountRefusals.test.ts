import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../../shared/batch/errors.ts';
import { ACCOUNT_ROW_CODE } from '../../../shared/batch/ledger.ts';
import { METRICS } from '../../../shared/metrics.ts';
import { SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { upload, type World, world } from '../../support/world.ts';

const MINUTE = 60;
const REFUSED = { code: 'model_not_allowed', message: 'your account may not use this model' };

async function add(w: World, batchId: string, model: string): Promise<void> {
  const body = { model, input: 'a text' };
  const line = { custom_id: 'a', method: 'POST', url: '/v1/embeddings', body };
  await upload(w.objects, `uploads/${batchId}.jsonl`, [JSON.stringify(line)]);
  await w.send({ batchId });
  await w.workAll();
}

/** Sweeps each minute, and ends each job that has run for so long. */
async function minutes(w: World, count: number, jobMinutes = 3): Promise<void> {
  for (let minute = 0; minute < count; minute++) {
    for (const job of w.provider.jobs) {
      const age = w.dependencies.clock.now() - job.createdAt;
      if (job.state.state === 'running' && age >= jobMinutes * MINUTE * 1000)
        w.provider.end(job, { kind: 'completed' }, () => answerOf(job));
    }
    await w.sweep();
    await w.workAll();
    w.advance(MINUTE);
  }
}

/** Set by a test for the batches whose rows say that the account was refused. */
const refusesRowsOf = new Set<string>();

function answerOf({ batchId }: { batchId: string }): object {
  if (!refusesRowsOf.has(batchId)) return SUCCESS;
  const error = { code: ACCOUNT_ROW_CODE, message: 'no permission' };
  return { response: { status_code: 403, body: {} }, error };
}

/** @returns the refused jobs, with the time in minutes */
function refuse(w: World, refuses: (model: string, batchId: string) => boolean) {
  const refused: { at: number; batchId: string }[] = [];
  const startedAt = w.dependencies.clock.now();
  w.provider.onSubmit = ({ batchId, model }) => {
    if (!refuses(model, batchId)) return;
    refused.push({ batchId, at: (w.dependencies.clock.now() - startedAt) / 60_000 });
    throw new ProviderError('account', REFUSED);
  };
  return refused;
}

const hold = (w: World) => w.states.get('openai')?.hold;

describe('a model that the account may not use', () => {
  it('keeps its own batches waiting, and within minutes no others', async () => {
    const w = world();
    const refused = refuse(w, (model) => model === 'forbidden');
    await add(w, 'bad', 'forbidden');
    await minutes(w, 1);
    expect(hold(w)?.kind).toBe('account');
    for (const batchId of ['g1', 'g2', 'g3']) await add(w, batchId, 'good');
    await minutes(w, 4);
    expect(hold(w)).toBeUndefined();
    expect(w.provider.jobs.map(({ batchId }) => batchId)).toEqual(['g1', 'g2', 'g3']);
    expect(w.batch('bad')).toMatchObject({ status: 'queued', attempt: 0 });
    expect(w.metrics.get(METRICS.providerBlocked)).toBe(1);
    expect(refused.map(({ at }) => at)).toEqual([0]);
  });

  it('blocks the provider once, not again each time that it is refused', async () => {
    const w = world();
    const refused = refuse(w, (model) => model === 'forbidden');
    await add(w, 'bad', 'forbidden');
    await minutes(w, 1);
    await add(w, 'good', 'good');
    await minutes(w, 5);
    let blocked = 0;
    for (let minute = 0; minute < 600; minute++) {
      await minutes(w, 1);
      if (hold(w)) blocked += 1;
    }
    expect(blocked).toBe(0);
    // With a backoff of up to an hour.
    expect(refused.length).toBeGreaterThan(10);
    expect(refused.length).toBeLessThan(14);
    expect(w.batch('bad')).toMatchObject({ status: 'queued', attempt: 0 });
  });

  it('is tried again by resume, and runs once the account may use it', async () => {
    const w = world();
    let allowed = false;
    refuse(w, (model) => model === 'forbidden' && !allowed);
    await add(w, 'bad', 'forbidden');
    await minutes(w, 1);
    await add(w, 'good', 'good');
    await minutes(w, 5);
    allowed = true;
    await w.send({ action: 'resume', provider: 'openai' });
    await minutes(w, 1);
    expect(w.batch('bad').status).toBe('running');
  });
});

describe('a key that is refused', () => {
  it('blocks the provider: of other batches two are tried, of different models, and no more', async () => {
    const w = world();
    const refused = refuse(w, () => true);
    await add(w, 'a0', 'a');
    await minutes(w, 1);
    const first = hold(w);
    expect(first).toMatchObject({ kind: 'account', refusals: 1 });
    for (const model of ['a', 'b', 'c', 'd'])
      for (const number of [1, 2]) await add(w, `${model}${number}`, model);
    await minutes(w, 3);
    expect(refused.map(({ batchId }) => batchId)).toEqual(['a0', 'b1', 'c1']);
    expect(hold(w)).toMatchObject({ refusals: 1, until: first?.until });
  });

  it('is known from the check of a job, and then nothing at all is called', async () => {
    const w = world();
    await add(w, 'b0', 'good');
    await minutes(w, 1, 60);
    const refused = refuse(w, () => true);
    await add(w, 'b1', 'other');
    await minutes(w, 1);
    w.provider.checkFailure = new ProviderError('account', REFUSED);
    await add(w, 'b2', 'third');
    await minutes(w, 3, 60);
    expect(refused.map(({ batchId }) => batchId)).toEqual(['b1']);
  });
});

describe('while jobs are refused', () => {
  it('those that run are checked and collected', async () => {
    const w = world();
    await add(w, 'b0', 'good');
    await minutes(w, 1);
    refuse(w, () => true);
    await add(w, 'b1', 'good');
    await minutes(w, 4);
    expect(hold(w)?.kind).toBe('account');
    expect(w.batch('b0').status).toBe('delivering');
  });
});

describe('one batch whose job is refused for the account', () => {
  it('waits by itself once others of its model are accepted', async () => {
    const w = world();
    const refused = refuse(w, (_, batchId) => batchId === 'bad');
    await add(w, 'bad', 'm');
    await minutes(w, 1);
    await add(w, 'g1', 'm');
    await minutes(w, 4);
    expect(hold(w)).toBeUndefined();
    await add(w, 'g2', 'm');
    await minutes(w, 1);
    expect(w.batch('g2').status).toBe('running');
    await minutes(w, 300);
    expect(refused.length).toBeLessThan(9);
    expect(hold(w)).toBeUndefined();
  });

  it('by its rows blocks the provider once, and waits by itself after others were answered', async () => {
    const w = world();
    refusesRowsOf.add('rows');
    refuse(w, () => false);
    await add(w, 'rows', 'm');
    await minutes(w, 5);
    expect(hold(w)?.kind).toBe('account');
    let blocked = 0;
    for (let hour = 0; hour < 24; hour++) {
      await add(w, `good${hour}`, 'm');
      for (let minute = 0; minute < 60; minute++) {
        await minutes(w, 1);
        const { until = 0 } = hold(w) ?? {};
        if (until > w.dependencies.clock.now()) blocked += 1;
      }
      expect(w.batch(`good${hour}`).status).toBe('delivering');
    }
    expect(blocked).toBeLessThan(35);
    // It runs on, each time after a wait of its own, and uses no attempt.
    expect(w.batch('rows').attempt).toBeLessThan(2);
    const jobs = w.provider.jobs.filter(({ batchId }) => batchId === 'rows');
    expect(jobs.length).toBeLessThan(35);
  });
});
