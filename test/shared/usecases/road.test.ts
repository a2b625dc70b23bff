import { describe, expect, it } from 'vitest';
import { InvocationRefusedError } from '../../../shared/batch/errors.ts';
import { awaitsInputExpiry } from '../../../shared/batch/lifecycle/ended.ts';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import { BAD_REQUEST, RATE_LIMITED, SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { type World, world } from '../../support/world.ts';

const IDS = ['a', 'b', 'c', 'd'];

/** Adds a batch and brings it to the provider. */
async function started(
  w: World,
  ids: readonly string[] = IDS,
  message: object = {},
): Promise<void> {
  await w.add('b1', ids, message);
  await w.workAll();
  await w.sweep();
  await w.workAll();
}

/** Lets the sweeper see the end of the last job, and collects. */
async function collected(w: World): Promise<void> {
  await w.sweep();
  await w.workAll();
}

function lastJob(w: World) {
  const job = w.provider.jobs.at(-1);
  if (!job) throw new Error('no job was created');
  return job;
}

/** Ends the wait of a batch in `retrying` as SQS would. */
async function requeued(w: World): Promise<void> {
  const message = w.batchQueue.pop();
  if (!message) throw new Error('nothing was requeued');
  w.advance(message.delaySeconds);
  await w.send(message.body);
  await w.sweep();
  await w.workAll();
}

describe('the life of a batch', () => {
  it('leads from a message to the processor, and ends', async () => {
    const w = world();
    await started(w);
    w.provider.end(lastJob(w), { kind: 'completed' }, () => SUCCESS);
    await collected(w);
    expect(w.invocations).toMatchObject([
      {
        batchId: 'b1',
        deliveryAttempt: 1,
        counts: { total: 4, succeeded: 4, failed: 0 },
        usage: { totalTokens: 20 },
        table: 'test-table',
      },
    ]);
    await w.settle();
    expect(w.batch('b1')).toMatchObject({ status: 'completed', attempt: 1 });
    expect(awaitsInputExpiry(w.batch('b1'))).toBe(true);
    expect(w.announced.map(({ to }) => to)).toEqual([
      'queued',
      'submitting',
      'running',
      'collecting',
      'delivering',
      'completed',
    ]);
  });

  it('runs only what is unfinished again, and merges one row per request in the order of the input', async () => {
    const w = world();
    await started(w);
    const first: Record<string, object> = {
      d: SUCCESS,
      a: SUCCESS,
      b: RATE_LIMITED,
      c: BAD_REQUEST,
    };
    w.provider.end(lastJob(w), { kind: 'completed' }, (id) => first[id]);
    await collected(w);
    expect(w.batch('b1')).toMatchObject({
      status: 'retrying',
      counts: { total: 4, succeeded: 2, failed: 1, unfinished: 1 },
    });
    await requeued(w);
    expect(lastJob(w).lines.map((line) => JSON.parse(line).custom_id)).toEqual(['b']);
    w.provider.end(lastJob(w), { kind: 'completed' }, () => SUCCESS);
    await collected(w);
    const batch = w.batch('b1');
    expect(batch.counts).toEqual({ total: 4, succeeded: 3, failed: 1, unfinished: 0 });
    expect((await w.rows(batch.rows?.results)).map((row) => row.custom_id)).toEqual([
      'a',
      'b',
      'd',
    ]);
    expect((await w.rows(batch.rows?.errors)).map((row) => row.custom_id)).toEqual(['c']);
    expect(w.provider.jobs.map(({ key }) => key.split('-')[1])).toEqual(['1', '2']);
  });

  it('keeps the output of an expired job and gives up after the last attempt with a row for each', async () => {
    const w = world();
    await started(w);
    for (let attempt = 1; attempt <= 5; attempt++) {
      w.provider.end(lastJob(w), { kind: 'expired' }, (id) => (id === 'a' ? SUCCESS : undefined));
      await collected(w);
      if (attempt < 5) await requeued(w);
    }
    const batch = w.batch('b1');
    expect(batch).toMatchObject({
      status: 'delivering',
      attempt: 5,
      counts: { succeeded: 1, unfinished: 3 },
    });
    expect(await w.rows(batch.rows?.errors)).toMatchObject(
      ['b', 'c', 'd'].map((custom_id) => ({ custom_id, error: { code: 'batch_expired' } })),
    );
    expect(w.invocations).toMatchObject([{ counts: { total: 4, succeeded: 1, failed: 3 } }]);
    expect(w.provider.jobs.map(({ lines }) => lines.length)).toEqual([4, 3, 3, 3, 3]);
  });

  it('fails with every row kept when no request succeeded', async () => {
    const w = world();
    await started(w);
    w.provider.end(lastJob(w), { kind: 'completed' }, () => BAD_REQUEST);
    await collected(w);
    const batch = w.batch('b1');
    expect(batch).toMatchObject({ status: 'failed', counts: { failed: 4 } });
    expect(await w.rows(batch.rows?.errors)).toHaveLength(4);
    expect(w.invocations).toEqual([]);
  });

  it('gives each request the reason of a job that failed for good', async () => {
    const w = world();
    await started(w);
    const reason = { code: 'model_not_found', message: 'no such model' };
    w.provider.end(lastJob(w), { kind: 'failed', refusal: 'permanent', reason }, () => undefined);
    await collected(w);
    const batch = w.batch('b1');
    expect(batch).toMatchObject({ status: 'failed', reasons: [reason, { code: 'no_success' }] });
    expect(await w.rows(batch.rows?.errors)).toMatchObject(IDS.map(() => ({ error: reason })));
  });

  it('retries what the user asks for, and only what did not succeed', async () => {
    const w = world();
    await started(w);
    w.provider.end(lastJob(w), { kind: 'completed' }, (id) => (id === 'c' ? BAD_REQUEST : SUCCESS));
    await collected(w);
    await w.settle();
    await w.send({ action: 'retry', batchId: 'b1' }, 'retry-1');
    await w.send({ action: 'retry', batchId: 'b1' }, 'retry-1');
    await w.sweep();
    await w.workAll();
    expect(lastJob(w).lines.map((line) => JSON.parse(line).custom_id)).toEqual(['c']);
    w.provider.end(lastJob(w), { kind: 'completed' }, () => SUCCESS);
    await collected(w);
    expect(w.batch('b1').counts).toEqual({ total: 4, succeeded: 4, failed: 0, unfinished: 0 });
    expect(new Set(w.invocations.map(({ deliveryId }) => deliveryId)).size).toBe(2);
  });

  it('cancels a running job, keeps what it has done and delivers nothing', async () => {
    const w = world();
    await started(w);
    await w.send({ action: 'cancel', batchId: 'b1' });
    await w.sweep();
    expect(lastJob(w).cancelled).toBe(true);
    await collected(w);
    const batch = w.batch('b1');
    expect(batch).toMatchObject({ status: 'cancelled', counts: { unfinished: 4 } });
    expect(await w.rows(batch.rows?.errors)).toMatchObject(
      IDS.map(() => ({ error: { code: 'batch_cancelled' } })),
    );
    expect(w.invocations).toEqual([]);
  });

  it('gives the requests of a batch that was cancelled in the queue their rows', async () => {
    const w = world();
    await w.add('b1', IDS);
    await w.workAll();
    await w.send({ action: 'cancel', batchId: 'b1' });
    await w.workAll();
    expect(w.batch('b1')).toMatchObject({
      status: 'cancelled',
      attempt: 0,
      counts: { total: 4, unfinished: 4 },
    });
    expect(w.provider.jobs).toEqual([]);
  });

  it('delivers again under the same id after a failure, then fails with the results kept', async () => {
    const w = world();
    await started(w);
    w.provider.end(lastJob(w), { kind: 'completed' }, () => SUCCESS);
    await collected(w);
    for (let delivery = 1; delivery <= 5; delivery++) {
      await w.settle('RetriesExhausted');
      await w.settle('RetriesExhausted');
      w.advance(3600);
      await w.sweep();
    }
    expect(w.invocations.map(({ deliveryAttempt }) => deliveryAttempt)).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(w.invocations.map(({ deliveryId }) => deliveryId)).size).toBe(1);
    expect(w.batch('b1')).toMatchObject({ status: 'failed', counts: { succeeded: 4 } });
    await w.send({ action: 'redeliver', batchId: 'b1' });
    await w.settle();
    expect(w.batch('b1').status).toBe('completed');
    expect(w.invocations.at(-1)?.deliveryAttempt).toBe(1);
  });

  it('counts a refused invocation as failed, and one with an unknown result as pending', async () => {
    const w = world();
    const { processor } = w.dependencies;
    const { invoke } = processor;
    processor.invoke = async () => {
      throw new InvocationRefusedError('no such function');
    };
    await started(w);
    w.provider.end(lastJob(w), { kind: 'completed' }, () => SUCCESS);
    await collected(w);
    expect(w.batch('b1')).toMatchObject({
      delivery: { attempt: 1, pending: false },
      reasons: [{ code: 'invoke_failed' }],
    });
    processor.invoke = async () => {
      throw new Error('connection reset');
    };
    w.advance(3600);
    await w.sweep();
    expect(w.batch('b1').delivery).toMatchObject({ attempt: 2, pending: true });
    processor.invoke = invoke;
    w.advance(1831);
    await w.sweep();
    w.advance(3600);
    await w.sweep();
    await w.settle();
    expect(w.batch('b1').status).toBe('completed');
  });

  it('does not submit a batch before its notBefore', async () => {
    const w = world();
    await started(w, IDS, {
      notBefore: new Date(w.dependencies.clock.now() + 7_200_000).toISOString(),
    });
    expect(w.batch('b1').status).toBe('retrying');
    expect(w.batchQueue).toEqual([]);
    w.advance(6300);
    await w.sweep();
    expect(w.batchQueue).toMatchObject([{ delaySeconds: 900 }]);
    await requeued(w);
    expect(w.batch('b1').status).toBe('running');
  });

  it('has its whole maximum age after a notBefore that is later than that', async () => {
    const w = world();
    const days = (count: number) => count * 86_400;
    const notBefore = new Date(w.dependencies.clock.now() + days(8) * 1000).toISOString();
    await started(w, IDS, { notBefore });
    w.advance(days(8) - 600);
    await w.sweep();
    await requeued(w);
    expect(w.batch('b1')).toMatchObject({
      status: 'running',
      deadlineAt: w.dependencies.clock.now() + days(7) * 1000,
    });
  });

  it('is not added if its files would expire before it could end', async () => {
    const w = world({ ...DEFAULT_POLICY, retentionSeconds: 86_400 });
    const ahead = (days: number) =>
      new Date(w.dependencies.clock.now() + days * 86_400_000).toISOString();
    await w.add('late', IDS, { notBefore: ahead(14) });
    expect(w.deadLetters).toMatchObject([
      { reason: expect.stringMatching(/^invalid_message: notBefore: .* is later than .*Z/) },
    ]);
    await w.add('in-time', IDS, { notBefore: ahead(13) });
    expect(w.deadLetters).toHaveLength(1);
  });

  it('ends a batch that has waited for its maximum age, with a row for each request', async () => {
    const w = world();
    w.states.set('openai', {
      schemaVersion: 1,
      version: 1,
      provider: 'openai',
      hold: {
        kind: 'account',
        reason: { code: 'c', message: 'm' },
        until: Number.MAX_SAFE_INTEGER,
        refusals: 1,
      },
    });
    await started(w);
    expect(w.batch('b1').status).toBe('queued');
    w.advance(7 * 86_400);
    await w.sweep();
    await w.workAll();
    expect(w.batch('b1')).toMatchObject({ status: 'failed', counts: { total: 4, unfinished: 4 } });
  });
});
