import { describe, expect, it } from 'vitest';
import { newPart } from '../../../shared/batch/newRecord.ts';
import { type Batch, type BatchIn, batchSchema } from '../../../shared/batch/record.ts';
import { advanceParts } from '../../../shared/usecases/parts.ts';
import { SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { NOW } from '../../support/given.ts';
import { type World, world } from '../../support/world.ts';

const IDS = ['a', 'b', 'c', 'd', 'e'];
const FAILED = { response: { status_code: 400, request_id: 'q', body: {} }, error: null };

/** A world in which a job holds two requests, and a batch of five that has been split. */
async function split(message: object = {}): Promise<World> {
  const w = world();
  Object.assign(w.provider, { limits: { ...w.provider.limits, maxRequests: 2 } });
  await w.add('b1', IDS, message);
  await w.workAll();
  return w;
}

/** A part as a sweep creates it from that state of its batch. */
function partOf(parent: Batch, number: number): BatchIn<'queued'> {
  const split = batchSchema.parse(parent);
  const slice = split.status === 'split' ? split.input.parts[number - 1] : undefined;
  if (split.status !== 'split' || !slice) throw new Error(`there is no part ${number}`);
  return newPart(split, { number, slice, keyPrefix: `bhslowslowslow000${number}` }, NOW);
}

/** Parts are made by one sweep, and started by the same. */
async function step(w: World): Promise<void> {
  await w.sweep();
  await w.workAll();
}

const idsOf = (rows: readonly { custom_id: string }[]) => rows.map((row) => row.custom_id);
const endAll = (w: World, answer: (id: string) => object) => {
  for (const job of w.provider.jobs)
    if (job.state.state === 'running') w.provider.end(job, { kind: 'completed' }, answer);
};

describe('a batch that is too large for one job', () => {
  it('runs in parts, and has all rows in the order of its input', async () => {
    const w = await split();
    expect(w.batch('b1')).toMatchObject({ status: 'split', counts: { total: 5, unfinished: 5 } });
    await step(w);
    expect(w.provider.jobs.map(({ lines }) => lines.length)).toEqual([2, 2, 1]);
    endAll(w, (id) => (id === 'c' ? FAILED : SUCCESS));
    await step(w);
    await step(w);
    await step(w);
    expect(w.batch('b1')).toMatchObject({
      status: 'delivering',
      counts: { total: 5, succeeded: 4, failed: 1, unfinished: 0 },
      usage: { totalTokens: 20 },
      attempt: 1,
    });
    const { rows } = w.batch('b1');
    expect(idsOf(await w.rows(rows?.results))).toEqual(['a', 'b', 'd', 'e']);
    expect(idsOf(await w.rows(rows?.errors))).toEqual(['c']);
    await w.settle();
    expect(w.batch('b1').status).toBe('completed');
    expect(w.invocations).toHaveLength(1);
    expect(new Set(w.announced.map(({ batchId }) => batchId))).toEqual(new Set(['b1']));
    expect(['b1/1', 'b1/2', 'b1/3'].map((id) => w.batch(id).status)).toEqual([
      'completed',
      'completed',
      'completed',
    ]);
    expect(w.batch('b1/2').dueAt).toBeUndefined();
  });

  it('finds its parts by their ids, and creates one that is missing', async () => {
    const w = await split();
    const { create } = w.batches;
    w.batches.create = async (batch) => {
      if (batch.batchId === 'b1/2') throw new Error('throttled');
      return create(batch);
    };
    await step(w);
    w.batches.create = create;
    await step(w);
    expect(w.provider.jobs.map(({ batchId }) => batchId).sort()).toEqual(['b1/1', 'b1/2', 'b1/3']);
  });

  it('keeps the sweep until every write that was begun is over, also if one fails', async () => {
    const w = await split();
    const { create, get } = w.batches;
    let finish = () => {};
    const isSlow = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let created = false;
    w.batches.create = async (batch) => {
      await isSlow;
      const result = await create(batch);
      created = true;
      return result;
    };
    w.batches.get = async (id) => {
      if (id === 'b1/3') throw new Error('the table is out of order');
      return get(id);
    };
    const parent = batchSchema.parse(w.batch('b1'));
    if (parent.status !== 'split') throw new Error('it was not split');
    let isOver = false;
    const advanced = advanceParts(w.dependencies, parent)
      .catch((error: unknown) => error)
      .finally(() => {
        isOver = true;
      });
    // Everything that can happen without the slow write.
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    finish();
    expect(await advanced).toMatchObject({ message: 'the table is out of order' });
    expect(created).toBe(true);
  });

  it('is cancelled with all of its parts, and keeps what was done', async () => {
    const w = await split();
    await step(w);
    const [first] = w.provider.jobs;
    if (first) w.provider.end(first, { kind: 'completed' }, () => SUCCESS);
    await step(w);
    await w.send({ action: 'cancel', batchId: 'b1' });
    for (let sweeps = 0; sweeps < 5; sweeps++) await step(w);
    expect(w.batch('b1')).toMatchObject({
      status: 'cancelled',
      counts: { succeeded: 2, unfinished: 3 },
    });
    expect(w.provider.jobs.every(({ state }) => state.state === 'ended')).toBe(true);
    expect(w.invocations).toEqual([]);
  });

  it('that is cancelled before its parts exist still has a row for each request', async () => {
    const w = await split();
    await w.send({ action: 'cancel', batchId: 'b1' });
    await step(w);
    await step(w);
    expect(w.provider.jobs).toEqual([]);
    expect(w.batch('b1')).toMatchObject({ status: 'cancelled', counts: { unfinished: 5 } });
    expect(await w.rows(w.batch('b1').rows?.errors)).toMatchObject(
      IDS.map((id) => ({ custom_id: id, error: { code: 'batch_cancelled' } })),
    );
  });

  it('runs only the failed requests again, in their parts', async () => {
    const w = await split();
    await step(w);
    endAll(w, (id) => (id === 'c' ? FAILED : SUCCESS));
    for (let sweeps = 0; sweeps < 3; sweeps++) await step(w);
    await w.settle();
    await w.send({ action: 'retry', batchId: 'b1' });
    expect(w.batch('b1').status).toBe('split');
    for (let sweeps = 0; sweeps < 2; sweeps++) await step(w);
    const again = w.provider.jobs.slice(3);
    expect(again.map(({ batchId }) => batchId)).toEqual(['b1/2']);
    expect(w.batch('b1/2').deadlineAt).toBe(w.batch('b1').deadlineAt);
    expect(again.flatMap(({ lines }) => lines.map((line) => JSON.parse(line).custom_id))).toEqual([
      'c',
    ]);
    endAll(w, () => SUCCESS);
    for (let sweeps = 0; sweeps < 3; sweeps++) await step(w);
    await w.settle();
    expect(w.batch('b1')).toMatchObject({ status: 'completed', counts: { succeeded: 5 } });
    expect(w.invocations).toHaveLength(2);
  });

  it('stops everything at each cancel: cancel, retry, cancel, retry, cancel', async () => {
    const w = await split();
    await step(w);
    const first = w.provider.jobs[0];
    if (first)
      w.provider.end(first, { kind: 'completed' }, (id) => (id === 'a' ? SUCCESS : FAILED));
    for (const round of [1, 2, 3]) {
      await w.send({ action: 'cancel', batchId: 'b1' });
      for (let sweeps = 0; sweeps < 6; sweeps++) await step(w);
      expect(w.batch('b1').status).toBe('cancelled');
      expect(w.provider.jobs.every(({ state }) => state.state === 'ended')).toBe(true);
      expect(w.provider.jobs).toHaveLength(3 * round);
      expect(w.batch('b1').counts.succeeded).toBe(1);
      if (round === 3) break;
      await w.send({ action: 'retry', batchId: 'b1' });
      for (let sweeps = 0; sweeps < 2; sweeps++) await step(w);
      expect(w.provider.jobs).toHaveLength(3 * (round + 1));
    }
    expect(w.invocations).toEqual([]);
  });

  it('has no job for a part that was admitted before the cancel and not yet submitted', async () => {
    const w = await split();
    await w.sweep();
    expect(w.batch('b1/1').status).toBe('submitting');
    await w.send({ action: 'cancel', batchId: 'b1' });
    await w.workAll();
    expect(w.provider.jobs).toEqual([]);
    for (let sweeps = 0; sweeps < 4; sweeps++) await step(w);
    expect(w.provider.jobs).toEqual([]);
    expect(w.batch('b1').status).toBe('cancelled');
  });

  it('starts no part that a slow process creates after the batch was cancelled', async () => {
    const w = await split();
    const parent = w.batch('b1');
    await w.send({ action: 'cancel', batchId: 'b1' });
    for (let sweeps = 0; sweeps < 4; sweeps++) await step(w);
    expect(w.batch('b1').status).toBe('cancelled');
    w.batches.put(partOf(parent, 1));
    w.batches.put({ ...partOf(parent, 2), status: 'retrying', resumeAt: NOW, dueAt: NOW });
    for (let sweeps = 0; sweeps < 4; sweeps++) await step(w);
    expect(w.provider.jobs).toEqual([]);
    expect(['b1/1', 'b1/2'].map((id) => w.batch(id).status)).toEqual(['cancelled', 'cancelled']);
  });

  it('has none of the rows of an earlier batch that had its id', async () => {
    const w = await split();
    const parent = w.batch('b1');
    const rows = { results: 'batches/b1/old/results.jsonl', errors: 'batches/b1/old/errors.jsonl' };
    const counts = { total: 2, succeeded: 2, failed: 0, unfinished: 0 };
    const old = { ...partOf({ ...parent, keyPrefix: 'bhearlierearlier0' }, 1), counts };
    w.batches.put({ ...old, version: 9, status: 'completed', endedAt: NOW, rows });
    // One that is still open must not run beside the new one.
    w.batches.put(partOf({ ...parent, keyPrefix: 'bhearlierearlier0' }, 2));
    for (let sweeps = 0; sweeps < 5; sweeps++) await step(w);
    expect(w.provider.jobs.map(({ batchId }) => batchId).sort()).toEqual(['b1/1', 'b1/2', 'b1/3']);
    endAll(w, () => SUCCESS);
    for (let sweeps = 0; sweeps < 4; sweeps++) await step(w);
    await w.settle();
    expect(w.batch('b1')).toMatchObject({ status: 'completed', counts: { succeeded: 5 } });
    expect(idsOf(await w.rows(w.batch('b1').rows?.results))).toEqual(IDS);
  });

  it('that is cancelled has none of the rows of an earlier batch either', async () => {
    const w = await split();
    const parent = w.batch('b1');
    const rows = { results: 'batches/b1/old/results.jsonl', errors: 'batches/b1/old/errors.jsonl' };
    const counts = { total: 2, succeeded: 2, failed: 0, unfinished: 0 };
    const old = { ...partOf({ ...parent, keyPrefix: 'bhearlierearlier0' }, 1), counts };
    w.batches.put({ ...old, status: 'completed', endedAt: NOW, rows });
    await w.send({ action: 'cancel', batchId: 'b1' });
    for (let sweeps = 0; sweeps < 4; sweeps++) await step(w);
    expect(w.batch('b1')).toMatchObject({ status: 'cancelled', counts: { unfinished: 5 } });
  });

  it('waits for its notBefore as a whole', async () => {
    const at = (seconds: number) => new Date(1_800_000_000_000 + seconds * 1000).toISOString();
    const w = await split({ notBefore: at(3_600) });
    await step(w);
    expect(w.provider.jobs).toEqual([]);
    w.advance(3_600);
    await step(w);
    expect(w.provider.jobs).toHaveLength(3);
  });
});
