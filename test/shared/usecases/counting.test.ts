import { expect, it } from 'vitest';
import { METRICS } from '../../../shared/metrics.ts';
import { BAD_REQUEST, SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { type World, world } from '../../support/world.ts';

async function step(w: World): Promise<void> {
  await w.sweep();
  await w.workAll();
}

/** Brings a batch to its processor; of its requests, those named `bad…` fail for good. */
async function run(w: World, ids: readonly string[]): Promise<void> {
  w.provider.pricing = {
    priceOf: () => ({ input: 100_000, output: 100_000 }),
    dailyBudget: undefined,
  };
  await w.add('b1', ids);
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
  await run(w, ['a', 'b', 'bad1']);
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
  await run(w, ['a', 'b', 'c', 'bad1']);
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
