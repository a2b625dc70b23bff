import { describe, expect, it } from 'vitest';
import type { Pricing } from '../../../shared/batch/cost.ts';
import {
  type FakeProvider,
  fakeProvider,
  fakeProviders,
  RATE_LIMITED,
  SUCCESS,
} from '../../support/fakes/fakeProvider.ts';
import { type World, world } from '../../support/world.ts';

/** What `SUCCESS` tells costs $0.5 at this: three tokens of input, two of output. */
const PRICE = { input: 100_000, output: 100_000 };
const priced = (dailyBudget?: number): Pricing => ({
  priceOf: (model) => (model === 'm' ? PRICE : undefined),
  dailyBudget,
});
const UNMETERED = { response: { status_code: 200, request_id: 'q', body: {} }, error: null };
const DAY_SECONDS = 24 * 60 * 60;

function pricedWorld(dailyBudget?: number): World {
  const w = world();
  w.provider.pricing = priced(dailyBudget);
  return w;
}

async function step(w: World): Promise<void> {
  await w.sweep();
  await w.workAll();
}

const endAll = ({ jobs, end }: FakeProvider, answer: (id: string) => object) => {
  for (const job of jobs)
    if (job.state.state === 'running') end(job, { kind: 'completed' }, answer);
};
/** Brings a batch whose job runs to the end of its collection. */
async function finish(w: World, answer: (id: string) => object): Promise<void> {
  endAll(w.provider, answer);
  await step(w);
}
async function start(w: World, batchId: string, ids: readonly string[], message = {}) {
  await w.add(batchId, ids, message);
  await w.workAll();
  await step(w);
}
/** Ends the backoff of a batch that is to run again. */
async function again(w: World): Promise<void> {
  const message = w.batchQueue.shift();
  if (!message) throw new Error('nothing runs again');
  w.advance(message.delaySeconds);
  await w.send(message.body);
  await step(w);
}
const estimateOf = (w: World, batchId: string) => w.batch(batchId).input?.estimatedCost ?? 0;

describe('a job that is filled up to the number of requests that its provider demands', () => {
  it('is estimated with what fills it up, once for each job', async () => {
    const plain = pricedWorld();
    await start(plain, 'b1', ['a', 'b']);
    const w = pricedWorld();
    Object.assign(w.provider, { padding: { minRequests: 5, inputTokens: 10, outputTokens: 1 } });
    await start(w, 'b1', ['a', 'b']);
    // Three requests of eleven tokens, at $0.1 a token.
    expect(estimateOf(w, 'b1') - estimateOf(plain, 'b1')).toBeCloseTo(3.3);
    await start(w, 'b2', ['a', 'b', 'c', 'd', 'e']);
    await start(plain, 'b2', ['a', 'b', 'c', 'd', 'e']);
    expect(estimateOf(w, 'b2')).toBe(estimateOf(plain, 'b2'));
  });

  it('is refused if that exceeds its maxCost', async () => {
    const w = pricedWorld();
    Object.assign(w.provider, { padding: { minRequests: 100, inputTokens: 10, outputTokens: 1 } });
    await start(w, 'b1', ['a', 'b'], { maxCost: 5 });
    expect(w.batch('b1')).toMatchObject({ status: 'failed', reasons: [{ code: 'over_max_cost' }] });
  });
});

describe('the cost of a batch', () => {
  it('is in the event of the processor and in the state changes', async () => {
    const w = pricedWorld();
    await start(w, 'b1', ['a', 'b']);
    expect(w.batch('b1').cost).toBe(0);
    await finish(w, () => SUCCESS);
    expect(w.batch('b1').cost).toBeCloseTo(1, 9);
    expect(w.invocations.at(-1)?.cost).toBeCloseTo(1, 9);
    expect(w.announced.at(-1)).toMatchObject({ to: 'delivering', cost: w.batch('b1').cost });
  });

  it('is that of all of its jobs', async () => {
    const w = pricedWorld();
    await start(w, 'b1', ['a', 'b']);
    await finish(w, (id) => (id === 'a' ? SUCCESS : RATE_LIMITED));
    await again(w);
    await finish(w, () => SUCCESS);
    expect(w.batch('b1')).toMatchObject({ status: 'delivering', attempt: 2 });
    expect(w.batch('b1').cost).toBeCloseTo(1, 9);
  });

  it.each<[string, Pricing, object]>([
    ['without a price', { priceOf: () => undefined, dailyBudget: undefined }, SUCCESS],
    ['of a job whose rows do not tell their tokens', priced(), UNMETERED],
  ])('is unknown, not 0, %s', async (_, pricing, answer) => {
    const w = world();
    w.provider.pricing = pricing;
    await start(w, 'b1', ['a']);
    await finish(w, () => answer);
    expect(w.batch('b1')).not.toHaveProperty('cost');
    expect(w.invocations.at(-1)?.cost).toBeNull();
    expect(w.announced.at(-1)?.cost).toBeNull();
  });

  it('is 0 if nothing ran', async () => {
    const w = world();
    await w.add('b1', ['a'], {});
    await w.workAll();
    await w.send({ action: 'cancel', batchId: 'b1' });
    await w.workAll();
    expect(w.batch('b1')).toMatchObject({ status: 'cancelled', cost: 0 });
  });

  it('is the sum of its parts, also when some of them run again', async () => {
    const w = pricedWorld();
    Object.assign(w.provider, { limits: { ...w.provider.limits, maxRequests: 2 } });
    await start(w, 'b1', ['a', 'b', 'c'], {});
    const bad = { response: { status_code: 400, request_id: 'q', body: {} }, error: null };
    await finish(w, (id) => (id === 'c' ? bad : SUCCESS));
    for (let sweeps = 0; sweeps < 2; sweeps++) await step(w);
    expect(w.batch('b1')).toMatchObject({ status: 'delivering', usage: { totalTokens: 10 } });
    expect(w.batch('b1').cost).toBeCloseTo(1, 9);
    await w.settle();
    await w.send({ action: 'retry', batchId: 'b1' });
    for (let sweeps = 0; sweeps < 2; sweeps++) await step(w);
    await finish(w, () => SUCCESS);
    for (let sweeps = 0; sweeps < 2; sweeps++) await step(w);
    expect(w.batch('b1')).toMatchObject({ status: 'delivering', usage: { totalTokens: 15 } });
    expect(w.batch('b1').cost).toBeCloseTo(1.5, 9);
  });
});

describe('an estimate', () => {
  it('counts the prompts and the longest answers', async () => {
    const w = pricedWorld();
    const body = { model: 'm', messages: [{ role: 'user', content: 'x' }], max_tokens: 10 };
    const line = (id: string, more: object) => ({
      ...{ custom_id: id, method: 'POST', url: '/v1/chat/completions' },
      body: { ...body, ...more },
    });
    const requests = [line('a', {}), line('b', { n: 2 }), line('c', { max_completion_tokens: 5 })];
    await w.send({ batchId: 'b1', requests });
    await w.workAll();
    const { input } = w.batch('b1');
    expect(input).toMatchObject({ maxOutputTokens: 35, price: PRICE });
    const tokens = (input?.estimatedTokens ?? 0) + 35;
    expect(input?.estimatedCost).toBeCloseTo(tokens / 10, 9);
  });

  it('is that of the dearest provider it may go to', async () => {
    const w = pricedWorld();
    const other = fakeProvider(w.dependencies.clock.now);
    other.pricing = { ...priced(), priceOf: () => ({ input: 200_000, output: 0 }) };
    Object.assign(w.dependencies, { providers: fakeProviders({ openai: w.provider, other }) });
    await w.add('b1', ['a'], { providers: ['openai', 'other'] });
    await w.workAll();
    expect(w.batch('b1').input?.price).toEqual({ input: 200_000, output: 0 });
  });
});

describe('maxCost', () => {
  it('refuses what is estimated to cost more, with both figures', async () => {
    const w = pricedWorld();
    await start(w, 'b1', ['a', 'b'], { maxCost: 1 });
    const { status, reasons } = w.batch('b1');
    expect(status).toBe('failed');
    expect(reasons).toMatchObject([
      { code: 'over_max_cost', message: expect.stringMatching(/cost \$[\d.]+, over .* of \$1:/) },
    ]);
    expect(w.provider.jobs).toEqual([]);
  });

  it('refuses a model that has no price', async () => {
    const w = world();
    await start(w, 'b1', ['a'], { maxCost: 1_000_000 });
    expect(w.batch('b1')).toMatchObject({ status: 'failed', reasons: [{ code: 'no_price' }] });
    expect(w.provider.jobs).toEqual([]);
  });

  it('ends a batch with what it has, before a further attempt that would go over it', async () => {
    const w = pricedWorld();
    await start(w, 'whole', ['a', 'b']);
    const maxCost = estimateOf(w, 'whole');
    await start(w, 'b1', ['a', 'b'], { maxCost });
    const dear = structuredClone(SUCCESS);
    dear.response.body.usage.prompt_tokens = Math.ceil(maxCost * 10);
    await finish(w, (id) => (id === 'a' ? dear : RATE_LIMITED));
    expect(w.batch('whole').status).toBe('retrying');
    expect(w.batch('b1')).toMatchObject({
      status: 'delivering',
      counts: { succeeded: 1, unfinished: 1 },
      reasons: [{ code: 'max_cost' }],
    });
    expect(w.invocations.at(-1)?.counts).toEqual({ total: 2, succeeded: 1, failed: 1 });
  });

  it('ends as failed if nothing has succeeded, with both reasons', async () => {
    const w = pricedWorld();
    await start(w, 'whole', ['a']);
    await start(w, 'b1', ['a'], { maxCost: estimateOf(w, 'whole') });
    const paid = structuredClone({ ...RATE_LIMITED, response: SUCCESS.response });
    paid.response.status_code = 503;
    await finish(w, () => paid);
    expect(w.batch('b1')).toMatchObject({
      status: 'failed',
      reasons: [{ code: 'max_cost' }, { code: 'no_success' }],
    });
  });

  it('allows an attempt that stays below it', async () => {
    const w = pricedWorld();
    await start(w, 'whole', ['a', 'b']);
    await start(w, 'b1', ['a', 'b'], { maxCost: estimateOf(w, 'whole') + 1 });
    await finish(w, (id) => (id === 'a' ? SUCCESS : RATE_LIMITED));
    expect(w.batch('b1').status).toBe('retrying');
  });

  it('is shared among the parts of a batch', async () => {
    const w = pricedWorld();
    Object.assign(w.provider, { limits: { ...w.provider.limits, maxRequests: 2 } });
    await start(w, 'b1', ['a', 'b', 'c'], { maxCost: 1_000 });
    const shares = ['b1/1', 'b1/2'].map((id) => w.batch(id).spec.maxCost ?? 0);
    expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1_000, 6);
    expect(shares[0]).toBeGreaterThan(shares[1] ?? 0);
    expect(estimateOf(w, 'b1/1') + estimateOf(w, 'b1/2')).toBeCloseTo(estimateOf(w, 'b1'), 9);
  });
});

describe('a daily budget', () => {
  const queued = (w: World) =>
    w.batches
      .all()
      .filter(({ status }) => status === 'queued')
      .map(({ batchId }) => batchId);

  it('keeps batches waiting, reports that, and starts them the next day', async () => {
    const probe = pricedWorld();
    await start(probe, 'b1', ['a']);
    const each = estimateOf(probe, 'b1');
    const w = pricedWorld(2.5 * each);
    for (const id of ['b1', 'b2', 'b3']) await w.add(id, ['a']);
    await w.workAll();
    await step(w);
    expect(queued(w)).toEqual(['b3']);
    expect(w.metrics.get('BudgetWaits')).toBe(1);
    expect(w.logged.filter((line) => line.includes('daily budget'))).toHaveLength(1);
    expect(w.logged.find((line) => line.includes('daily budget'))).toContain('"example":"b3"');
    const dear = structuredClone(SUCCESS);
    dear.response.body.usage.prompt_tokens = Math.ceil(each * 10);
    dear.response.body.usage.completion_tokens = 0;
    await finish(w, () => dear);
    expect(w.states.get('openai')?.spent?.amount).toBeCloseTo(2 * each, 0);
    await step(w);
    expect(queued(w)).toEqual(['b3']);
    w.advance(DAY_SECONDS);
    await step(w);
    expect(w.batch('b3').status).toBe('running');
  });

  it('keeps a batch waiting that exceeds it alone, but not those behind it, until it is raised', async () => {
    const probe = pricedWorld();
    await start(probe, 'b1', ['a']);
    const w = pricedWorld(1.5 * estimateOf(probe, 'b1'));
    await w.add('large', ['a', 'b']);
    await w.add('small', ['a']);
    await w.workAll();
    await step(w);
    w.advance(DAY_SECONDS);
    await step(w);
    expect(queued(w)).toEqual(['large']);
    expect(w.batch('small').status).toBe('running');
    w.provider.pricing = priced(1_000);
    await step(w);
    expect(w.batch('large').status).toBe('running');
  });

  it('keeps a batch without a price waiting until it has one', async () => {
    const w = world();
    w.provider.pricing = { priceOf: () => undefined, dailyBudget: 1_000 };
    await start(w, 'b1', ['a']);
    expect(queued(w)).toEqual(['b1']);
    expect(w.logged.find((line) => line.includes('daily budget'))).toContain('"unpriced":1');
    w.provider.pricing = priced(1_000);
    await step(w);
    expect(w.batch('b1').status).toBe('running');
  });

  it('sends a batch that may go elsewhere to an entry with money left', async () => {
    const w = pricedWorld(0);
    const other = fakeProvider(w.dependencies.clock.now);
    other.pricing = priced();
    Object.assign(w.dependencies, { providers: fakeProviders({ openai: w.provider, other }) });
    await start(w, 'b1', ['a'], { providers: ['openai', 'other'] });
    expect(w.batch('b1')).toMatchObject({ status: 'running', provider: 'other' });
  });

  it('counts the estimate of a job whose rows do not show its cost', async () => {
    const w = pricedWorld(1_000);
    await start(w, 'b1', ['a']);
    await finish(w, () => UNMETERED);
    expect(w.states.get('openai')?.spent?.amount).toBeCloseTo(estimateOf(w, 'b1'), 9);
  });

  it('counts a job once, however often its collection is repeated', async () => {
    const w = pricedWorld(1_000);
    await start(w, 'b1', ['a']);
    const { replace } = w.batches;
    let failures = 1;
    w.batches.replace = async (batch) => {
      if (batch.status === 'delivering' && failures-- > 0) throw new Error('throttled');
      return replace(batch);
    };
    endAll(w.provider, () => SUCCESS);
    await w.sweep();
    await w.workAll().catch(() => {});
    expect(w.states.get('openai')?.spent).toBeUndefined();
    w.advance(3_600);
    await step(w);
    await step(w);
    expect(w.batch('b1').status).toBe('delivering');
    expect(w.states.get('openai')?.spent?.amount).toBeCloseTo(0.5, 9);
  });
});
