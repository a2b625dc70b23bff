import { expect, it } from 'vitest';
import { LOG_MESSAGES, METRICS } from '../../../shared/metrics.ts';
import { BAD_REQUEST, SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { type World, world } from '../../support/world.ts';

async function step(w: World): Promise<void> {
  await w.sweep();
  await w.workAll();
}

/** Brings a batch to its processor; of its requests, those named `bad…` fail for good. */
async function runNew(w: World, ids: readonly string[]): Promise<void> {
  w.provider.pricing = {
    priceOf: () => ({ input: 100_000, output: 100_000 }),
    dailyBudget: undefined,
  };
  await w.add('b1', ids);
  await run(w);
}

async function run(w: World): Promise<void> {
  await w.workAll();
  await step(w);
  for (const job of w.provider.jobs)
    if (job.state.state === 'running')
      w.provider.end(job, { kind: 'completed' }, (id) =>
        id.startsWith('bad') ? BAD_REQUEST : SUCCESS,
      );
  await step(w);
}

it('counts the requests of a batch when it has ended, and what its job used when that is known', async () => {
  const w = world();
  await runNew(w, ['a', 'b', 'bad1']);
  // Two successes of five tokens, each $0.5 at that price.
  expect(w.metrics.get(METRICS.tokens)).toBe(10);
  expect(w.metrics.get(METRICS.cost)).toBeCloseTo(1);
  expect(w.metrics.has(METRICS.requestsSucceeded)).toBe(false);

  await w.settle();

  expect(w.metrics.get(METRICS.requestsSucceeded)).toBe(2);
  expect(w.metrics.get(METRICS.requestsFailed)).toBe(1);
  expect(w.metrics.get(METRICS.completed)).toBe(1);
});

it('counts the requests of a batch in parts once', async () => {
  const w = world();
  Object.assign(w.provider, { limits: { ...w.provider.limits, maxRequests: 2 } });
  await runNew(w, ['a', 'b', 'c', 'bad1']);
  for (let sweeps = 0; sweeps < 6 && w.invocations.length === 0; sweeps++) {
    for (const job of w.provider.jobs)
      if (job.state.state === 'running')
        w.provider.end(job, { kind: 'completed' }, (id) =>
          id.startsWith('bad') ? BAD_REQUEST : SUCCESS,
        );
    await step(w);
  }
  await w.settle();

  expect(w.batch('b1').status).toBe('completed');
  expect(w.metrics.get(METRICS.submitted)).toBe(2);
  expect(w.metrics.get(METRICS.tokens)).toBe(15);
  expect(w.metrics.get(METRICS.requestsSucceeded)).toBe(3);
  expect(w.metrics.get(METRICS.requestsFailed)).toBe(1);
});

it('tells a refused input from other failures', async () => {
  const w = world();
  await w.add('b1', ['a', 'a']);
  await w.workAll();
  await w.settle();

  expect(w.batch('b1')).toMatchObject({ status: 'failed', inputProblems: { total: 1 } });
  expect(w.metrics.get(METRICS.inputsRefused)).toBe(1);
  expect(w.metrics.has(METRICS.failed)).toBe(false);
});

it('logs why a batch failed, for the dashboard, without a text of the user', async () => {
  const w = world();
  await runNew(w, ['bad1', 'bad2']);
  await w.settle();

  const [line = ''] = w.logged.filter((each) => each.includes('"to":"failed"'));
  expect(line).toContain(LOG_MESSAGES.stateChanged);
  expect(line).toContain('"message":"none of the 2 requests succeeded"');
  expect(line).toContain('"failures":"2 × 400 ');
  expect(line).not.toContain('bad1');
});

it('measures how long a batch took to complete, not what a user repeats', async () => {
  const w = world();
  await w.add('b1', ['a', 'bad1']);
  await run(w);
  w.advance(300);
  await w.settle();

  const took = (w.batch('b1').statusAt - w.batch('b1').createdAt) / 1000;
  expect(took).toBeGreaterThan(0);
  expect(w.metrics.get(METRICS.turnaround)).toBe(took);

  w.metrics.delete(METRICS.turnaround);
  await w.send({ action: 'redeliver', batchId: 'b1' });
  await w.sweep();
  await w.settle();
  expect(w.batch('b1')).toMatchObject({ status: 'completed', delivery: { number: 2 } });
  expect(w.metrics.has(METRICS.turnaround)).toBe(false);
});
